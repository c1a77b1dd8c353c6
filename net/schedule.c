#include "schedule.h"

#include "calendar.h"

#define MINUTE_MS INT64_C(60000)

int64_t schedule_last_cut(const struct node_schedule *schedule, int64_t now_ms)
{
	int32_t today = day_of_time(now_ms);
	int64_t moment;

	if (schedule->cut_minute == MINUTE_NEVER)
		return INT64_MIN;
	moment = day_start_ms(today) + schedule->cut_minute * MINUTE_MS;
	return moment <= now_ms ? moment
				: day_start_ms(today - 1) + schedule->cut_minute * MINUTE_MS;
}

static uint32_t month_before(uint32_t month)
{
	return month_of_day(month_first_day(month) - 1);
}

int64_t schedule_last_clearing(
    const struct node_schedule *schedule, int64_t now_ms, uint32_t *month)
{
	uint32_t in = month_of_day(day_of_time(now_ms));
	int64_t offset, moment;

	*month = 0;
	if (schedule->clearing_day == 0)
		return INT64_MIN;
	offset = schedule->clearing_minute * MINUTE_MS;
	moment = day_start_ms(month_first_day(in) + (int32_t)schedule->clearing_day - 1) + offset;
	if (moment > now_ms) {
		in = month_before(in);
		moment = day_start_ms(month_first_day(in) + (int32_t)schedule->clearing_day - 1) +
			 offset;
	}
	*month = month_before(in);
	return moment;
}
