#include "sample_model.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "person.h"

const uint32_t sample_regions[SAMPLE_CITIES] = {510100, 500000, 510800, 511300};

/* People of 60 and older, in thousands: what the residents are shared out by (docs/sample.md). */
static const uint32_t sixty_plus_thousand[SAMPLE_CITIES] = {3764, 7010, 608, 1350};
/* Beds per 100,000 people of 60 and older; half of them are occupied. */
static const uint32_t beds_per_100k[SAMPLE_CITIES] = {2140, 3280, 2140, 2140};
/* Mean beds of an institution. */
static const uint32_t mean_beds[SAMPLE_CITIES] = {125, 158, 90, 80};

/* Age bands from 60 by fives, per 100,000; the last is 100 and older. */
static const uint32_t age_weights[] = {27800, 28000, 18800, 11800, 7700, 4100, 1400, 350, 50};
/* Ability levels 0-4 per 100,000. */
static const uint32_t level_home[5] = {80000, 11000, 5000, 2500, 1500};
static const uint32_t level_institution[5] = {20000, 25000, 22000, 18000, 15000};

static uint64_t rotate_left(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

void sample_random_seed(struct sample_random *random, uint64_t seed, uint64_t stream)
{
	uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + stream;

	for (int i = 0; i < 4; i++) {
		uint64_t z = x += UINT64_C(0x9e3779b97f4a7c15);
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		random->state[i] = z ^ z >> 31;
	}
}

uint64_t sample_random_next(struct sample_random *random)
{
	uint64_t *s = random->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint32_t sample_random_below(struct sample_random *random, uint32_t bound)
{
	assert(bound > 0);
	/* The bias of the multiply-shift is below 2^-32: of no matter for invented people. */
	return (uint32_t)((sample_random_next(random) >> 32) * bound >> 32);
}

bool sample_chance(struct sample_random *random, uint32_t per_100k)
{
	return sample_random_below(random, 100000) < per_100k;
}

void sample_random_bytes(struct sample_random *random, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t value = sample_random_next(random);
		memcpy(bytes + i, &value, size - i < 8 ? size - i : 8);
	}
}

static unsigned draw_weighted(struct sample_random *random, const uint32_t *weights, unsigned count)
{
	uint32_t total = 0, at;

	for (unsigned i = 0; i < count; i++)
		total += weights[i];
	at = sample_random_below(random, total);
	for (unsigned i = 0; i + 1 < count; i++) {
		if (at < weights[i])
			return i;
		at -= weights[i];
	}
	return count - 1;
}

static double draw_normal(struct sample_random *random)
{
	double u = (double)(sample_random_next(random) >> 11) / 9007199254740992.0 + 1e-12;
	double v = (double)(sample_random_next(random) >> 11) / 9007199254740992.0;

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static int32_t draw_birth_day(struct sample_random *random, int32_t today, unsigned least_age)
{
	unsigned band;
	int32_t age_days;

	do {
		band = draw_weighted(random, age_weights, sizeof age_weights / sizeof *age_weights);
	} while (60 + 5 * band + 4 < least_age);
	age_days = (int32_t)(365.2425 * (60 + 5 * band)) +
		   (int32_t)sample_random_below(random, band == 8 ? 1200 : 1826);
	return today - age_days;
}

static void draw_person(
    struct sample_model *model, struct sample_person *person, unsigned city, uint32_t serial)
{
	struct sample_random *random = &model->random;
	int32_t today = month_first_day(model->first_month);
	unsigned poor = sample_random_below(random, 1000);

	memset(person, 0, sizeof *person);
	person->city = (uint8_t)city;
	person->serial = serial;
	person->code = person_code_make(sample_regions[city], serial);
	person->birth_day = draw_birth_day(random, today, 60);
	/* One in 200 is born on 29 February. */
	if (sample_chance(random, 500)) {
		int year, month, day;
		day_split(person->birth_day, &year, &month, &day);
		year -= year % 4;
		if (day_is_real(year, 2, 29))
			person->birth_day = day_of(year, 2, 29);
	}
	person->death_day = DAY_NEVER;
	person->died_known_day = DAY_NEVER;
	person->assessed_day = DAY_NEVER;
	person->level = (uint8_t)draw_weighted(random, level_home, 5);
	person->income_class = poor < 10   ? INCOME_DESTITUTE
			       : poor < 45 ? INCOME_MINIMUM
			       : poor < 80 ? INCOME_LOW
					   : INCOME_OTHER;
	if (sample_chance(random, 6000))
		person->flags |= PERSON_DISABLED;
	if (sample_chance(random, 800))
		person->flags |= PERSON_FAMILY_PLANNING;
}

static enum error draw_people(struct sample_model *model, uint32_t residents)
{
	uint32_t total = 0, index = 0;

	for (unsigned c = 0; c < SAMPLE_CITIES; c++)
		total += sixty_plus_thousand[c];
	model->people = calloc(residents + SAMPLE_CITIES, sizeof *model->people);
	if (!model->people)
		return ERROR_MEMORY;
	for (unsigned c = 0; c < SAMPLE_CITIES; c++) {
		uint32_t share = (uint32_t)((uint64_t)residents * sixty_plus_thousand[c] / total);

		model->city_first[c] = index;
		for (uint32_t i = 0; i < share; i++)
			draw_person(model, &model->people[index++], c, i);
	}
	model->city_first[SAMPLE_CITIES] = index;
	model->person_count = index;
	return ERROR_NONE;
}

static void write_uscc(
    char uscc[USCC_SIZE + 1], const char *kind, uint32_t region, uint32_t organisation)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	static const int organisation_weights[8] = {3, 7, 9, 10, 5, 8, 4, 2};
	static const int weights[17] = {
	    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
	int sum = 0, check;

	memcpy(uscc, kind, 2);
	for (int i = 5; i >= 0; i--, region /= 10)
		uscc[2 + i] = (char)('0' + region % 10);
	for (int i = 7; i >= 0; i--, organisation /= 10)
		uscc[8 + i] = (char)('0' + organisation % 10);
	for (int i = 0; i < 8; i++)
		sum += (uscc[8 + i] - '0') * organisation_weights[i];
	check = 11 - sum % 11;
	uscc[16] = check == 10 ? 'X' : check == 11 ? '0' : (char)('0' + check);
	sum = 0;
	for (int i = 0; i < 17; i++)
		sum += (int)(strchr(alphabet, uscc[i]) - alphabet) * weights[i];
	uscc[17] = alphabet[(31 - sum % 31) % 31];
	uscc[18] = '\0';
}

static const char *const house_names[] = {"康乐", "福寿", "怡年", "松鹤", "长青", "安和", "金秋",
    "颐养", "夕照", "春晖", "静园", "瑞祥", "和顺", "百岁", "晚晴", "慈爱"};
static const char *const city_names[SAMPLE_CITIES] = {"成都", "重庆", "广元", "南充"};

static void draw_institution(
    struct sample_model *model, struct sample_institution *house, unsigned city, uint32_t number)
{
	struct sample_random *random = &model->random;
	double beds = mean_beds[city] * exp(0.6 * draw_normal(random) - 0.18);
	static const char *const kinds[] = {"52", "91", "12"};

	memset(house, 0, sizeof *house);
	house->city = (uint8_t)city;
	house->region = sample_regions[city];
	house->kind =
	    (uint8_t)(sample_chance(random, 30000) ? 1 + sample_random_below(random, 2) : 3);
	house->beds = beds < 10 ? 10 : beds > 600 ? 600 : (uint32_t)beds;
	house->star = 1 + sample_random_below(random, 5);
	house->standing = STANDING_GOOD;
	house->next_sheet = 1;
	/* Every second house of Nanchong is in Jialing, which pays by its own rates, and is private. */
	if (sample_regions[city] == 511300 && number % 2 == 1) {
		house->district = 511304;
		house->kind = 1;
	}
	write_uscc(house->uscc, kinds[house->kind - 1], house->region, number);
	snprintf(house->name, sizeof house->name, "%s%s养老院", city_names[city],
	    house_names[(number - 1) % 16]);
	if (number > 16)
		snprintf(house->name, sizeof house->name, "%s%s养老院%u号", city_names[city],
		    house_names[(number - 1) % 16], (unsigned)((number - 1) / 16 + 1));
	sample_random_bytes(random, house->key_seed.bytes, HASH_SIZE);
}

static enum error draw_institutions(struct sample_model *model)
{
	uint32_t capacity = 0;

	for (unsigned c = 0; c < SAMPLE_CITIES; c++) {
		uint64_t people = model->city_first[c + 1] - model->city_first[c];
		capacity += (uint32_t)(people * beds_per_100k[c] / 100000 / 10) + 8;
	}
	model->institutions = calloc(capacity, sizeof *model->institutions);
	if (!model->institutions)
		return ERROR_MEMORY;
	for (unsigned c = 0; c < SAMPLE_CITIES; c++) {
		uint64_t people = model->city_first[c + 1] - model->city_first[c];
		int64_t beds = (int64_t)(people * beds_per_100k[c] / 100000);
		uint32_t number = 0;

		/* At least three houses a city, so that people can move even in a small sample. */
		while (beds > 0 || number < 3) {
			struct sample_institution *house =
			    &model->institutions[model->institution_count++];
			assert(model->institution_count <= capacity);
			draw_institution(model, house, c, ++number);
			if (beds < (int64_t)house->beds)
				house->beds = beds > 10 ? (uint32_t)beds : 10;
			beds -= house->beds;
		}
	}
	return ERROR_NONE;
}

static enum error stay_push(struct sample_model *model, uint32_t person, uint32_t institution,
    int32_t first_day, uint32_t *index)
{
	struct sample_stay *stay;

	if (model->stay_count == model->stay_capacity) {
		uint32_t capacity = model->stay_capacity ? 2 * model->stay_capacity : 1024;
		struct sample_stay *grown = realloc(model->stays, capacity * sizeof *grown);
		if (!grown)
			return ERROR_MEMORY;
		model->stays = grown;
		model->stay_capacity = capacity;
	}
	*index = model->stay_count++;
	stay = &model->stays[*index];
	memset(stay, 0, sizeof *stay);
	stay->person = person;
	stay->institution = institution;
	stay->first_day = first_day;
	stay->last_night = DAY_NEVER;
	stay->cross = model->institutions[institution].city != model->people[person].city;
	model->people[person].stay = *index + 1;
	return ERROR_NONE;
}

/* Where people of another city come from: Chengdu and Chongqing each other half, Guangyuan and Nanchong to both. */
static unsigned draw_other_home(struct sample_random *random, unsigned host)
{
	static const uint32_t weights[SAMPLE_CITIES][SAMPLE_CITIES] = {
	    {0, 50, 25, 25}, {50, 0, 25, 25}, {45, 45, 0, 10}, {45, 45, 10, 0}};

	return draw_weighted(random, weights[host], SAMPLE_CITIES);
}

/* Someone of `city` who lives at home, is alive and rather old. */
static bool draw_resident(struct sample_model *model, unsigned city, int32_t day, uint32_t *person)
{
	uint32_t first = model->city_first[city], count = model->city_first[city + 1] - first;

	for (unsigned attempt = 0; attempt < 400; attempt++) {
		uint32_t index = first + sample_random_below(&model->random, count);
		struct sample_person *who = &model->people[index];
		int age = age_on(who->birth_day, day);

		/* Institutions' residents are 81 on average: the younger, the rarer. */
		if (who->stay || who->death_day != DAY_NEVER ||
		    !sample_chance(&model->random, age < 70   ? 6000
						   : age < 80 ? 30000
							      : 90000))
			continue;
		*person = index;
		return true;
	}
	return false;
}

static void settle_in(struct sample_model *model, struct sample_person *who, int32_t day)
{
	who->level = (uint8_t)draw_weighted(&model->random, level_institution, 5);
	who->assessed_day = day - 20 - (int32_t)sample_random_below(&model->random, 250);
}

static uint32_t cross_share_per_100k(const struct sample_model *model)
{
	/* 1.5 % as in life, but never fewer than two dozen in a small region. */
	uint32_t beds = 0, least;

	for (uint32_t i = 0; i < model->institution_count; i++)
		beds += model->institutions[i].beds / 2;
	least = beds ? 2400000u / beds : 0;
	return least > 1500 ? (least > 15000 ? 15000 : least) : 1500;
}

static enum error draw_stays(struct sample_model *model)
{
	int32_t start = month_first_day(model->first_month);
	uint32_t cross = cross_share_per_100k(model);
	enum error error = ERROR_NONE;

	for (uint32_t i = 0; i < model->institution_count && !error; i++) {
		const struct sample_institution *house = &model->institutions[i];
		/* Occupied: half the beds, give or take. */
		uint32_t share = 35 + sample_random_below(&model->random, 31);
		uint32_t residents = house->beds * share / 100;

		for (uint32_t n = 0; n < residents && !error; n++) {
			unsigned home = sample_chance(&model->random, cross)
					    ? draw_other_home(&model->random, house->city)
					    : house->city;
			uint32_t person, stay;

			if (!draw_resident(model, home, start, &person))
				continue;
			error = stay_push(model, person, i,
			    start - 1 - (int32_t)sample_random_below(&model->random, 500), &stay);
			settle_in(model, &model->people[person], start);
			/* The poor live in institutions more often than others. */
			if (model->people[person].income_class == INCOME_OTHER &&
			    sample_chance(&model->random, 22000))
				model->people[person].income_class = INCOME_MINIMUM;
		}
	}
	return error;
}

/* Who gets service and nursing subsidies: the poor who are 80 or disabled; the poor of level 2 or more. */
static void draw_grants(struct sample_model *model)
{
	int32_t start = month_first_day(model->first_month);

	for (uint32_t i = 0; i < model->person_count; i++) {
		struct sample_person *who = &model->people[i];
		uint8_t paid_to = who->stay ? PAID_TO_INSTITUTION : PAID_TO_CARD;

		if (who->income_class == INCOME_OTHER)
			continue;
		if (who->assessed_day == DAY_NEVER)
			who->assessed_day =
			    start - 20 - (int32_t)sample_random_below(&model->random, 250);
		if (age_on(who->birth_day, start) >= 80 || (who->flags & PERSON_DISABLED))
			who->granted_service = paid_to;
		if (who->level >= 2)
			who->granted_care = paid_to;
	}
}

enum error sample_model_create(
    uint64_t seed, uint32_t residents, uint32_t first_month, struct sample_model *model)
{
	enum error error;

	memset(model, 0, sizeof *model);
	if (residents < SAMPLE_RESIDENTS_LEAST || residents > SAMPLE_RESIDENTS_MAX ||
	    !month_is_real(first_month))
		return ERROR_RANGE;
	model->seed = seed;
	model->first_month = first_month;
	sample_random_seed(&model->random, seed, 1);
	error = draw_people(model, residents);
	if (!error)
		error = draw_institutions(model);
	if (!error)
		error = draw_stays(model);
	if (!error)
		draw_grants(model);
	if (error)
		sample_model_free(model);
	return error;
}

void sample_model_free(struct sample_model *model)
{
	free(model->people);
	free(model->institutions);
	free(model->stays);
	memset(model, 0, sizeof *model);
}

/* Drop the stays that ended before `day`, and make the people's indices right again. */
static void drop_ended(struct sample_model *model, int32_t day)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < model->stay_count; i++) {
		struct sample_stay *stay = &model->stays[i];
		bool present = model->people[stay->person].stay == i + 1;

		if (stay->last_night < day) {
			if (present)
				model->people[stay->person].stay = 0;
			continue;
		}
		if (present)
			model->people[stay->person].stay = kept + 1;
		stay->gap_first = stay->gap_last = 0;
		model->stays[kept++] = *stay;
	}
	model->stay_count = kept;
}

static enum error event_push(struct sample_month *month, struct sample_event event)
{
	if (month->event_count == month->event_capacity) {
		uint32_t capacity = month->event_capacity ? 2 * month->event_capacity : 256;
		struct sample_event *grown = realloc(month->events, capacity * sizeof *grown);
		if (!grown)
			return ERROR_MEMORY;
		month->events = grown;
		month->event_capacity = capacity;
	}
	month->events[month->event_count++] = event;
	return ERROR_NONE;
}

static uint32_t draw_house(struct sample_model *model, unsigned city, uint32_t not_this)
{
	uint32_t first = 0, count = 0;

	for (uint32_t i = 0; i < model->institution_count; i++) {
		if (model->institutions[i].city != city)
			continue;
		if (!count++)
			first = i;
	}
	for (;;) {
		uint32_t house = first + sample_random_below(&model->random, count);
		if (house != not_this)
			return house;
	}
}

/* What happens to one resident of an institution this month. */
static enum error draw_resident_month(
    struct sample_model *model, uint32_t index, struct sample_month *month)
{
	struct sample_random *random = &model->random;
	struct sample_stay *stay = &model->stays[index];
	struct sample_person *who = &model->people[stay->person];
	int32_t first = month_first_day(month->month);
	int32_t day = first + 1 +
		      (int32_t)sample_random_below(random, (uint32_t)month_days(month->month) - 2);
	struct sample_event event = {.day = day, .person = stay->person, .stay = index + 1};
	uint32_t dice = sample_random_below(random, 100000);

	if (dice < 900) { /* dies; one in ten is reported late */
		event.kind = SAMPLE_DIES;
		who->death_day = day;
		who->died_known_day = day + (sample_chance(random, 10000)
						    ? 30 + (int32_t)sample_random_below(random, 60)
						    : 1);
		stay->last_night = day - 1;
		if (who->died_known_day > day + 1)
			stay->last_night =
			    DAY_NEVER; /* nobody told the city, the stay goes on in its books */
	} else if (dice < 4900) {
		event.kind = SAMPLE_LEAVES;
		stay->last_night = day - 1;
	} else if (dice < 6100) {
		unsigned city = model->institutions[stay->institution].city;
		uint32_t person = stay->person, new_stay;
		enum error error;

		event.kind = SAMPLE_TRANSFERS;
		if (sample_chance(random, 15000))
			city = draw_other_home(random, city);
		stay->last_night = day - 1;
		error = stay_push(
		    model, person, draw_house(model, city, stay->institution), day, &new_stay);
		if (error)
			return error;
		event.new_stay = new_stay + 1;
	} else {
		if (dice < 12100) { /* in hospital for some nights */
			stay->gap_first = day;
			stay->gap_last = day + (int32_t)sample_random_below(random, 12);
			if (stay->gap_last > month_last_day(month->month))
				stay->gap_last = month_last_day(month->month);
		}
		return ERROR_NONE;
	}
	return event_push(month, event);
}

static enum error draw_newcomers(
    struct sample_model *model, struct sample_month *month, uint32_t residents)
{
	uint32_t cross = cross_share_per_100k(model);
	uint32_t count = residents * 5 / 100 + 1;
	int32_t first = month_first_day(month->month);
	enum error error = ERROR_NONE;

	for (uint32_t n = 0; n < count && !error; n++) {
		uint32_t house = sample_random_below(&model->random, model->institution_count);
		unsigned host = model->institutions[house].city;
		unsigned home = sample_chance(&model->random, cross)
				    ? draw_other_home(&model->random, host)
				    : host;
		int32_t day = first + (int32_t)sample_random_below(
					  &model->random, (uint32_t)month_days(month->month));
		uint32_t person, stay;

		if (!draw_resident(model, home, day, &person))
			continue;
		error = stay_push(model, person, house, day, &stay);
		settle_in(model, &model->people[person], first);
		if (!error)
			error = event_push(month, (struct sample_event){.kind = SAMPLE_ENTERS,
						      .day = day,
						      .person = person,
						      .new_stay = stay + 1});
	}
	return error;
}

static int event_order(const void *a, const void *b)
{
	const struct sample_event *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return x->person < y->person ? -1 : x->person > y->person;
}

enum error sample_month_draw(
    struct sample_model *model, uint32_t month_number, struct sample_month *month)
{
	uint32_t residents;
	enum error error = ERROR_NONE;

	month->month = month_number;
	month->event_count = 0;
	drop_ended(model, month_first_day(month_number));
	residents = model->stay_count;
	for (uint32_t i = 0; i < residents && !error; i++) {
		if (model->people[model->stays[i].person].death_day == DAY_NEVER)
			error = draw_resident_month(model, i, month);
	}
	if (!error)
		error = draw_newcomers(model, month, residents);
	if (!error && month->event_count)
		qsort(month->events, month->event_count, sizeof *month->events, event_order);
	return error;
}

void sample_month_free(struct sample_month *month)
{
	free(month->events);
	memset(month, 0, sizeof *month);
}

void sample_person_name(const struct sample_model *model, const struct sample_person *person,
    char name[SAMPLE_NAME_SIZE])
{
	static const char *const family[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周",
	    "吴", "徐", "孙", "马", "胡", "朱", "郭"};
	static const char *const given[] = {"秀", "兰", "英", "国", "华", "明", "玉", "珍", "建",
	    "桂", "芳", "德", "淑", "福", "清", "云"};
	uint64_t dice = (model->seed + person->code) * UINT64_C(0x9e3779b97f4a7c15);

	snprintf(name, SAMPLE_NAME_SIZE, "%s%s%s", family[dice >> 60], given[dice >> 56 & 15],
	    dice >> 55 & 1 ? given[dice >> 51 & 15] : "");
}

void sample_person_id(const struct sample_person *person, char id[19])
{
	static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int year, month, day, sum = 0;

	/* The sequence number has three digits: who shares a birthday with a thousand others takes the next district's prefix, which is not
	 * given to anyone either. */
	day_split(person->birth_day, &year, &month, &day);
	snprintf(id, 19, "%06u%04u%02u%02u%03u",
	    (unsigned)(sample_regions[person->city] + person->serial / 1000 % 100),
	    (unsigned)year % 10000, (unsigned)month % 100, (unsigned)day % 100,
	    (unsigned)(person->serial % 1000));
	for (int i = 0; i < 17; i++)
		sum += (id[i] - '0') * weights[i];
	id[17] = "10X98765432"[sum % 11];
	id[18] = '\0';
}

void sample_person_card(const struct sample_person *person, char card[20])
{
	snprintf(card, 20, "622%016llu",
	    (unsigned long long)(person->code % UINT64_C(10000000000000000)));
}
