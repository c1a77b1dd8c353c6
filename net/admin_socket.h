/* admin_socket.h: the admin socket of a node directory: a Unix stream socket DIR/admin.sock, mode
 * 0600, on which only the directory's owner (or root) is heard. One frame there, one frame back, then
 * the connection ends. A frame is its length in 4 bytes, big-endian, and so many bytes of CBOR.
 * Both ends give up on the other when it does not move. docs/protocol.md, "The admin socket". */
#ifndef SUIREN_ADMIN_SOCKET_H
#define SUIREN_ADMIN_SOCKET_H

#include <stdint.h>

#include "bytes.h"

/* Listen; what a daemon that is gone left there is replaced (the caller holds the node's lock, so
 * there is no other). Fails with: ERROR_PERMISSION, ERROR_TOO_LARGE, ERROR_IO, ... */
MUST_CHECK enum error admin_listen(
    const char *directory, int *listener, struct error_detail *detail);
/* Close the listener and take the socket's name away. -1 is accepted. */
void admin_unlisten(const char *directory, int listener);
/* Fails with: ERROR_NOT_FOUND (nobody listens), ERROR_PERMISSION (the socket is not of this user), ERROR_IO. */
MUST_CHECK enum error admin_connect(
    const char *directory, int *connection, struct error_detail *detail);
/* Whether the other end is this process's user, or root. */
bool admin_is_owner(int connection);

/* Send or receive one frame; each step of the other end may take `patience_ms`. `stop` (-1: none) is
 * a file that ends the waiting when it can be read. Receiving: the buffer grows as the bytes come, never by what a head
 * promises. Fails with: ERROR_TIMEOUT, ERROR_TOO_LARGE (ADMIN_FRAME_MAX), ERROR_STOPPED, ERROR_NOT_FOUND (the other end closed before
 * the first byte), ERROR_IO (it broke off), ERROR_MEMORY. */
MUST_CHECK enum error admin_send(int connection, struct span frame, int patience_ms, int stop);
MUST_CHECK enum error admin_receive(
    int connection, struct buffer *frame, int patience_ms, int stop);

#endif
