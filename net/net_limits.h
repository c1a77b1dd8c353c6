/* net_limits.h: every bound of the net floor, published in docs/limits.md. */
#ifndef SUIREN_NET_LIMITS_H
#define SUIREN_NET_LIMITS_H

#define SEQUENCER_QUEUE_MAX 256u
#define GROUP_COMMANDS_MAX 16u

#endif
