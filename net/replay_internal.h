/* replay_internal.h: what the two files of the replay share. */
#ifndef SUIREN_NET_REPLAY_INTERNAL_H
#define SUIREN_NET_REPLAY_INTERNAL_H

#include "replay.h"

struct replay {
	struct replay_subject subject;
	struct settlement *settlement;
	struct ledger *scratch;
	struct replay_result *result; /* of the call under way */
};

#endif
