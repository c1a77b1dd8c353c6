/* wire.h: a raw connection to a link, for whoever does not keep to the rules: TCP, the SP header of a REQ, frames behind their length and a
 * request id (nng's wire format); and a proxy that delays, cuts and corrupts what passes through it. */
#ifndef SUIREN_TEST_WIRE_H
#define SUIREN_TEST_WIRE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "links.h"

#define WIRE_MS 20000

/* --- a raw client -------------------------------------------------------------------------------------------- */

struct wire {
	int fd;
	uint32_t id; /* of the last request */
};

static inline struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline void wire_connect(struct wire *wire, uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	int on = 1;

	wire->id = 0x80000000u;
	wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(wire->fd >= 0);
	assert_int_equal(connect(wire->fd, (struct sockaddr *)&address, sizeof address), 0);
	setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static inline void wire_close(struct wire *wire)
{
	close(wire->fd);
}

/* False: the other side has closed. */
static inline bool wire_write(struct wire *wire, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size) {
		ssize_t done = send(wire->fd, at, size, MSG_NOSIGNAL);

		if (done <= 0)
			return false;
		at += done;
		size -= (size_t)done;
	}
	return true;
}

/* Exactly so many bytes. False: closed before, or (soon) nothing came. */
static inline bool wire_read(struct wire *wire, void *bytes, size_t size, int patience_ms)
{
	uint8_t *at = bytes;

	while (size) {
		struct pollfd ready = {.fd = wire->fd, .events = POLLIN};
		ssize_t done;

		if (poll(&ready, 1, patience_ms) != 1)
			return false;
		if ((done = recv(wire->fd, at, size, 0)) <= 0)
			return false;
		at += done;
		size -= (size_t)done;
	}
	return true;
}

/* Has the other side closed? Waits for it; what comes before is thrown away. */
static inline bool wire_is_closed(struct wire *wire, int patience_ms)
{
	int64_t until = test_now_ms() + patience_ms;
	uint8_t bytes[4096];

	for (int64_t left; (left = until - test_now_ms()) > 0;) {
		struct pollfd ready = {.fd = wire->fd, .events = POLLIN};

		if (poll(&ready, 1, (int)left) == 1 && recv(wire->fd, bytes, sizeof bytes, 0) <= 0)
			return true;
	}
	return false;
}

static inline bool wire_greet(struct wire *wire)
{
	static const uint8_t request[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0},
			     reply[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
	uint8_t bytes[8];

	return wire_write(wire, request, sizeof request) &&
	       wire_read(wire, bytes, sizeof bytes, WIRE_MS) && memcmp(bytes, reply, 8) == 0;
}

static inline void wire_open(struct wire *wire, uint16_t port)
{
	wire_connect(wire, port);
	assert_true(wire_greet(wire));
}

static inline bool wire_send(struct wire *wire, struct span frame)
{
	struct buffer bytes = {0};
	uint8_t head[12];
	bool sent;

	be64_write(head, 4 + frame.size);
	be32_write(head + 8, ++wire->id);
	buffer_append(&bytes, span_of(head, sizeof head));
	buffer_append(&bytes, frame);
	sent = wire_write(wire, bytes.data, bytes.size);
	buffer_free(&bytes);
	return sent;
}

/* The next frame. False: closed, or nothing came. */
static inline bool wire_receive(struct wire *wire, struct buffer *frame, int patience_ms)
{
	uint8_t head[12], *at;
	uint64_t size;

	buffer_clear(frame);
	if (!wire_read(wire, head, sizeof head, patience_ms))
		return false;
	size = be64_read(head);
	assert_true(size >= 4 && size <= 4 + LINK_MESSAGE_MAX + 64);
	at = buffer_extend(frame, size - 4 + 1);
	assert_non_null(at);
	frame->size--;
	return size == 4 || wire_read(wire, at, size - 4, WIRE_MS);
}

/* --- a proxy ------------------------------------------------------------------------------------------------- */

#define PROXY_PAIRS 32
#define PROXY_SEEN_MAX (4u << 20)

struct proxy {
	uint16_t port, target;
	int listener, stop[2];
	pthread_t thread;
	atomic_bool stalled;      /* nothing passes, nothing is closed: a cable that was pulled */
	atomic_uint delay_ms;     /* each piece waits for so long, and all behind it */
	atomic_uint corrupt_each; /* one bit in so many bytes is flipped; 0: none */
	atomic_uint cut_each;     /* both ends are closed after so many bytes; 0: never */
	atomic_uint cuts, corrupted; /* done */
	uint64_t chance;
	struct pair {
		int ends[2]; /* -1: none */
	} pairs[PROXY_PAIRS];
	struct buffer
	    seen; /* what passed, up to PROXY_SEEN_MAX; read it when the proxy is closed */
};

static inline void pair_close(struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		if (pair->ends[i] >= 0)
			close(pair->ends[i]);
		pair->ends[i] = -1;
	}
}

static inline void proxy_accept(struct proxy *proxy)
{
	struct sockaddr_in address = loopback(proxy->target);
	int end = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);

	for (int i = 0; end >= 0 && i < PROXY_PAIRS; i++) {
		struct pair *pair = &proxy->pairs[i];

		if (pair->ends[0] >= 0)
			continue;
		pair->ends[0] = end;
		pair->ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(pair->ends[1], (struct sockaddr *)&address, sizeof address))
			pair_close(pair);
		return;
	}
	if (end >= 0)
		close(end);
}

/* Pass on what has come at one end. */
static inline void proxy_pass(struct proxy *proxy, struct pair *pair, int from)
{
	uint8_t bytes[16384];
	ssize_t size = recv(pair->ends[from], bytes, sizeof bytes, 0);
	unsigned corrupt = atomic_load(&proxy->corrupt_each), cut = atomic_load(&proxy->cut_each);

	if (size <= 0) {
		pair_close(pair);
		return;
	}
	if (atomic_load(&proxy->delay_ms))
		nanosleep(
		    &(struct timespec){.tv_nsec = atomic_load(&proxy->delay_ms) * 1000000L}, NULL);
	if (proxy->seen.size < PROXY_SEEN_MAX)
		buffer_append(&proxy->seen, span_of(bytes, (size_t)size));
	for (ssize_t i = 0; corrupt && i < size; i++)
		if (chance_below(&proxy->chance, corrupt) == 0) {
			bytes[i] ^= (uint8_t)(1u << chance_below(&proxy->chance, 8));
			atomic_fetch_add(&proxy->corrupted, 1);
		}
	if (send(pair->ends[1 - from], bytes, (size_t)size, MSG_NOSIGNAL) != size) {
		pair_close(pair);
	} else if (cut && chance_below(&proxy->chance, cut) < (uint64_t)size) {
		pair_close(pair);
		atomic_fetch_add(&proxy->cuts, 1);
	}
}

static inline void *proxy_run(void *context)
{
	struct proxy *proxy = context;

	for (;;) {
		struct pollfd ready[2 + 2 * PROXY_PAIRS];
		bool stalled = atomic_load(&proxy->stalled);

		ready[0] = (struct pollfd){.fd = proxy->stop[0], .events = POLLIN};
		ready[1] = (struct pollfd){.fd = stalled ? -1 : proxy->listener, .events = POLLIN};
		for (int i = 0; i < 2 * PROXY_PAIRS; i++)
			ready[2 + i] = (struct pollfd){
			    .fd = stalled ? -1 : proxy->pairs[i / 2].ends[i % 2], .events = POLLIN};
		poll(ready, 2 + 2 * PROXY_PAIRS, 10);
		if (ready[0].revents)
			return NULL;
		for (int i = 0; i < 2 * PROXY_PAIRS; i++)
			if (ready[2 + i].revents && proxy->pairs[i / 2].ends[i % 2] >= 0)
				proxy_pass(proxy, &proxy->pairs[i / 2], i % 2);
		if (ready[1].revents)
			proxy_accept(proxy);
	}
}

static inline void proxy_open(struct proxy *proxy, uint16_t target, uint64_t seed)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof address;

	memset(proxy, 0, sizeof *proxy);
	proxy->target = target;
	proxy->chance = seed;
	for (int i = 0; i < PROXY_PAIRS; i++)
		proxy->pairs[i].ends[0] = proxy->pairs[i].ends[1] = -1;
	proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(proxy->listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(proxy->listener, 16), 0);
	assert_int_equal(getsockname(proxy->listener, (struct sockaddr *)&address, &size), 0);
	proxy->port = ntohs(address.sin_port);
	assert_int_equal(pipe2(proxy->stop, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&proxy->thread, NULL, proxy_run, proxy), 0);
}

static inline void proxy_stop(struct proxy *proxy)
{
	assert_int_equal(write(proxy->stop[1], "", 1), 1);
	pthread_join(proxy->thread, NULL);
	for (int i = 0; i < PROXY_PAIRS; i++)
		pair_close(&proxy->pairs[i]);
	close(proxy->listener);
	close(proxy->stop[0]);
	close(proxy->stop[1]);
}

#endif
