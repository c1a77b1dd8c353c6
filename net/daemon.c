#include "daemon.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "calendar.h"
#include "daemon_internal.h"
#include "node_internal.h"
#include "notify.h"
#include "rotate.h"

void daemon_wake(struct daemon *daemon)
{
	const uint64_t one = 1;

	/* It can only fail when it is awake already. */
	if (write(daemon->wake, &one, sizeof one) != sizeof one)
		errno = 0;
}

/* Called by whoever has booked a group. */
static void note_booked(void *context)
{
	struct daemon *daemon = context;

	outboxes_wake(daemon->outboxes);
	daemon_wake(daemon);
}

static int64_t demo_clock(void *context)
{
	struct daemon *daemon = context;

	return atomic_load(&daemon->demo_ms);
}

/* The clock of a demo node stands at its last entry until a command moves it. */
static enum error start_clock(struct daemon *daemon)
{
	struct txn *txn;
	int64_t last_ms;
	enum error error = txn_begin_read(ledger_store(node_ledger(daemon->node)), &txn);

	if (error)
		return error;
	error = ledger_last_time(txn, &last_ms);
	txn_abort(txn);
	if (!error)
		atomic_store(&daemon->demo_ms, last_ms);
	return error;
}

static enum error set_clock(struct daemon *daemon, struct error_detail *detail)
{
	int64_t now_ms;

	if (!node_is_demo(daemon->node))
		return error_set(
		    detail, ERROR_USAGE, "--now: only the clock of a demo node can be moved");
	if (time_read(daemon->options.now, &now_ms))
		return error_set(detail, ERROR_USAGE,
		    "--now: %s is neither 2026-10-31 nor 2026-10-31T09:00:00+08:00",
		    daemon->options.now);
	atomic_store(&daemon->demo_ms, now_ms);
	return ERROR_NONE;
}

static enum error open_node(struct daemon *daemon, struct error_detail *detail)
{
	struct node_options options = {.daemon = true, .not_durable = daemon->options.not_durable};
	struct node_config config;
	enum error error = node_config_open(daemon->options.directory, &config, detail);

	if (error)
		return error;
	if (config.demo)
		options.seams = (struct node_seams){.clock_ms = demo_clock, .context = daemon};
	error = node_open(daemon->options.directory, &options, &daemon->node, detail);
	if (!error)
		error = start_clock(daemon);
	return error || !daemon->options.now ? error : set_clock(daemon, detail);
}

/* What it listens on: a port that was chosen by the system is told as such. */
static void note_listen(struct daemon *daemon, const char *wanted)
{
	const char *colon = wanted ? strrchr(wanted, ':') : NULL;
	size_t size = colon ? (size_t)(colon - wanted) : 0;

	if (wanted)
		snprintf(daemon->listen, sizeof daemon->listen, "%.*s:%u", (int)size, wanted,
		    (unsigned)link_port(daemon->link));
}

/* Where to listen; NULL: nowhere. */
static const char *listen_address(const struct daemon *daemon)
{
	const char *configured = node_configuration(daemon->node)->listen;

	if (daemon->options.listen)
		return daemon->options.listen;
	return configured[0] ? configured : NULL;
}

static enum error open_link(struct daemon *daemon, struct error_detail *detail)
{
	struct outbox_options outboxes = {.node = daemon->node,
	    .send = daemon_send,
	    .tell = daemon_tell,
	    .ask = daemon_ask,
	    .context = daemon};
	struct link_options options = {.region = node_region(daemon->node),
	    .listen = listen_address(daemon),
	    .serve = daemon_serve,
	    .context = daemon};
	struct hash secret, old;
	bool has_old;
	enum error error = node_link_key(daemon->node, &secret, &old, &has_old, detail);

	/* Peers that have not read the last descriptor know the key before. */
	options.secret = has_old ? old : secret;
	if (!error)
		error = daemon_number_read(daemon, &options.handshake_number, detail);
	if (!error)
		error = daemon_heads_open(daemon);
	if (!error)
		error = outboxes_open(&outboxes, &daemon->outboxes);
	if (!error)
		error = link_open(&options, &daemon->link, detail);
	if (!error && has_old)
		link_secret_set(daemon->link, &secret);
	explicit_bzero(&options.secret, sizeof options.secret);
	explicit_bzero(&secret, sizeof secret);
	explicit_bzero(&old, sizeof old);
	if (error)
		return error;
	note_listen(daemon, options.listen);
	node_watch(daemon->node, note_booked, daemon);
	daemon_number_keep(daemon); /* before the first handshake */
	return daemon_peers_refresh(daemon);
}

/* Signals come through a file, so that one thread takes them, between two looks at the clock. */
static enum error take_signals(struct daemon *daemon)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return ERROR_IO;
	daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	daemon->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return daemon->signals < 0 || daemon->wake < 0 ? ERROR_IO : ERROR_NONE;
}

enum error daemon_open(
    const struct daemon_options *options, struct daemon **out, struct error_detail *detail)
{
	struct daemon *daemon = calloc(1, sizeof *daemon);
	struct timespec now;
	enum error error;

	*out = NULL;
	if (!daemon)
		return ERROR_MEMORY;
	daemon->options = *options;
	daemon->signals = daemon->wake = -1;
	clock_gettime(CLOCK_REALTIME, &now);
	daemon->started_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	error = take_signals(daemon);
	if (!error)
		error = open_node(daemon, detail);
	if (!error)
		error = open_link(daemon, detail);
	if (!error)
		error = admin_server_open(
		    options->directory, daemon_admin, daemon, &daemon->admin, detail);
	if (!error && node_configuration(daemon->node)->metrics[0])
		error = metrics_open(node_configuration(daemon->node)->metrics, daemon_metrics,
		    daemon, &daemon->metrics, detail);
	if (error) {
		daemon_close(daemon);
		return error;
	}
	*out = daemon;
	return ERROR_NONE;
}

/* Take the signals that have come. */
static void read_signals(struct daemon *daemon)
{
	struct signalfd_siginfo signal;

	while (read(daemon->signals, &signal, sizeof signal) == sizeof signal) {
		if (signal.ssi_signo == SIGHUP) {
			daemon_reload(daemon);
			continue;
		}
		LOG(daemon->options.log, LOG_INFO, "signal",
		    LOG_NUMBER("number", signal.ssi_signo));
		daemon->stopping = true;
	}
}

static void look_around(struct daemon *daemon)
{
	uint64_t unused;
	enum error error;

	if (read(daemon->wake, &unused, sizeof unused) != sizeof unused)
		errno = 0; /* nobody woke us: it is time */
	error = daemon_peers_refresh(daemon);
	if (error)
		LOG(daemon->options.log, LOG_ERROR, "peers_not_read",
		    LOG_WORD("error", error_name(error)));
	daemon_peers_watch(daemon);
	daemon_number_keep(daemon);
	daemon_heads_look(daemon);
	daemon_act(daemon);
}

enum error daemon_run(struct daemon *daemon)
{
	enum error error = ERROR_NONE;

	LOG(daemon->options.log, LOG_INFO, "started",
	    LOG_NUMBER("region", node_region(daemon->node)), LOG_WORD("listen", daemon->listen),
	    LOG_NUMBER("peers", daemon->peer_count));
	if (daemon->metrics)
		LOG(daemon->options.log, LOG_INFO, "metrics",
		    LOG_NUMBER("port", metrics_port(daemon->metrics)));
	if (notify("READY=1\n"))
		LOG_PLAIN(daemon->options.log, LOG_DEBUG, "manager_not_told");
	while (!daemon->stopping) {
		struct pollfd files[] = {{.fd = daemon->signals, .events = POLLIN},
		    {.fd = daemon->wake, .events = POLLIN}};

		look_around(daemon);
		if (poll(files, 2, DAEMON_TICK_MS) < 0 && errno != EINTR)
			error = ERROR_IO;
		read_signals(daemon);
		error = error ? error : node_failure(daemon->node);
		if (error) {
			LOG(daemon->options.log, LOG_ERROR, "books_failed",
			    LOG_WORD("error", error_name(error)));
			daemon->stopping = true;
		}
	}
	return error;
}

void daemon_close(struct daemon *daemon)
{
	struct log *log;

	if (!daemon)
		return;
	log = daemon->options.log;
	if (daemon->stopping && notify("STOPPING=1\n"))
		LOG_PLAIN(log, LOG_DEBUG, "manager_not_told");
	metrics_close(daemon->metrics);
	admin_server_close(daemon->admin);
	if (daemon->outboxes)
		outboxes_stop(daemon->outboxes);
	if (daemon->link)
		daemon_peers_farewell(daemon);
	/* Nobody asks the link any more; then nobody is served any more; then nothing is booked. */
	if (daemon->outboxes)
		outboxes_join(daemon->outboxes);
	link_close(daemon->link);
	if (daemon->node)
		node_watch(daemon->node, NULL, NULL);
	outboxes_close(daemon->outboxes);
	if (daemon->heads && daemon->stopping)
		daemon_heads_keep(daemon);
	if (daemon->stopping)
		LOG_PLAIN(log, LOG_INFO, "stopped");
	node_close(daemon->node); /* lets the lock go */
	heads_close(daemon->heads);
	if (daemon->signals >= 0)
		close(daemon->signals);
	if (daemon->wake >= 0)
		close(daemon->wake);
	free(daemon);
}
