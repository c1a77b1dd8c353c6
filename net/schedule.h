/* schedule.h: when a daemon acts by the clock: the moments of node.yaml's schedule, in Beijing time. Pure. */
#ifndef SUIREN_SCHEDULE_H
#define SUIREN_SCHEDULE_H

#include "node_config.h"

/* The last moment, not after `now_ms`, at which windows were to be cut; INT64_MIN: never. */
int64_t schedule_last_cut(const struct node_schedule *schedule, int64_t now_ms);
/* The last moment, not after `now_ms`, at which clearings were to be proposed, and of which month; INT64_MIN: never. */
int64_t schedule_last_clearing(
    const struct node_schedule *schedule, int64_t now_ms, uint32_t *month);

#endif
