/* notify.h: tells the service manager how a daemon is (sd_notify(3)), without a library: one datagram to the socket that it names in the
 * environment. */
#ifndef SUIREN_NOTIFY_H
#define SUIREN_NOTIFY_H

#include "error.h"

/* Send lines ("READY=1\nSTATUS=...") to $NOTIFY_SOCKET; nothing if there is none, and no failure either: whoever was started by
 * hand has nobody to tell. Fails with: ERROR_IO. */
MUST_CHECK enum error notify(const char *lines);

#endif
