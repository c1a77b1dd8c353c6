/* bench_link.c: how many documents a second one city takes from another over a sealed link on loopback, each durable there and acknowledged
 * durably here, beside its parts alone: the same requests and answers over the same link with nothing done about them, the same bytes
 * appended to two stores in as many commits without link or rules, and the same number of signatures checked by all cores. Both cities share this
 * machine's cores; in life each has its own. */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_region.h"
#include "bench_signatures.h"
#include "institution.h"
#include "key.h"
#include "keyring.h"
#include "link.h"
#include "order.h"
#include "outbox.h"

#define DOCUMENTS_DEFAULT 20000u
#define DOCUMENTS_MAX 1000000u
#define HOUSES 256u
#define SENDER 510100u
#define RECEIVER 500000u
#define IDLE_MS 600000u
#define FLOOR_MAP_SIZE (UINT64_C(8) << 30)
/* What an entry has besides its document: header and leaf. */
#define ENTRY_BYTES 400u

struct city {
	char directory[320];
	struct node *node;
	struct link *link;
	struct hash secret;
	struct public_key key;
	bool echoes; /* the floor: nothing is done about a request */
	size_t answer_size;
};

struct exchanged {
	uint64_t requests, sent, received;
};

struct link_bench {
	struct city sender, receiver;
	struct outboxes *outboxes;
	struct exchanged exchanged; /* since it was cleared; of the outbox's thread */
	uint32_t orders;            /* so far */
};

struct link_case {
	/* Documents a second. */
	double ours[BENCH_ROUNDS_MAX], link[BENCH_ROUNDS_MAX], disk[BENCH_ROUNDS_MAX],
	    signatures[BENCH_ROUNDS_MAX];
	struct exchanged exchanged;
	unsigned cores;
};

static enum error serve(void *context, uint32_t peer, struct span request, struct buffer *answer)
{
	struct city *city = context;
	uint8_t *at;

	if (!city->echoes)
		return exchange_serve(city->node, peer, request, answer, NULL);
	at = buffer_extend(answer, city->answer_size);
	if (at)
		memset(at, 0, city->answer_size);
	return answer->failed;
}

static enum error carry(void *context, uint32_t peer, struct span request, struct buffer *answer,
    struct error_detail *detail)
{
	struct link_bench *bench = context;
	enum error error =
	    link_request(bench->sender.link, peer, request, DELIVERY_TIMEOUT_MS, answer, detail);

	bench->exchanged.requests++;
	bench->exchanged.sent += request.size;
	bench->exchanged.received += answer->size;
	return error;
}

/* --- the two cities ---------------------------------------------------------------------------------------- */

static enum error city_open(
    struct city *city, const char *folder, uint32_t region, struct error_detail *detail)
{
	const struct node_create_options create = {.region = region, .demo = true};
	const struct node_options options = {.daemon = true};
	struct secret_key unused;
	char path[400];
	enum error error;

	snprintf(city->directory, sizeof city->directory, "%s/%06u", folder, (unsigned)region);
	error = node_create(city->directory, &create, detail);
	if (!error)
		error = node_open(city->directory, &options, &city->node, detail);
	snprintf(path, sizeof path, "%s/keys/link.key", city->directory);
	if (!error)
		error = key_file_read(path, "link", &unused, &city->secret, detail);
	if (!error)
		key_wipe(&unused);
	return error;
}

/* The public key as the city's own log names it. */
static enum error city_key(struct city *city)
{
	struct keyring_key key;
	char party[KEYRING_PARTY_SIZE];
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(city->node)), &txn);

	if (error)
		return error;
	snprintf(party, sizeof party, "city/%06u", (unsigned)node_region(city->node));
	error = keyring_current(txn, party, "link", &key);
	city->key = key.key;
	txn_abort(txn);
	return error;
}

static enum error city_link(struct city *city, bool listens, struct error_detail *detail)
{
	const struct link_options options = {.region = node_region(city->node),
	    .secret = city->secret,
	    .listen = listens ? "tcp://127.0.0.1:0" : NULL,
	    .serve = serve,
	    .context = city};
	enum error error = city_key(city);

	return error ? error : link_open(&options, &city->link, detail);
}

static enum error introduce_over_link(
    struct city *city, const struct city *other, struct error_detail *detail)
{
	struct link_peer peer = {.region = node_region(other->node)};

	memcpy(peer.key.bytes, other->key.bytes, HASH_SIZE);
	if (link_port(other->link))
		snprintf(peer.address, sizeof peer.address, "tcp://127.0.0.1:%u",
		    (unsigned)link_port(other->link));
	return link_peer_set(city->link, &peer, detail);
}

/* --- documents --------------------------------------------------------------------------------------------- */

/* One order about a house each: the sender's peers are told of it in one document. */
static enum error write_order(
    struct link_bench *bench, uint32_t number, struct buffer *document, struct buffer *attachment)
{
	struct institution_line house = {
	    .operation = number < HOUSES ? INSTITUTION_REGISTER : INSTITUTION_UPDATE,
	    .name = span_text("安康养老院 Ankang house"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = SENDER,
	    .beds = 1 + number % 900,
	    .star = 1 + number % 5};
	char uscc[USCC_SIZE + 1], id[32];
	struct buffer line = {0};
	struct hash secret, content;
	enum error error;

	bench_uscc_write(uscc, number % HOUSES + 1);
	memcpy(house.uscc, uscc, USCC_SIZE);
	institution_line_write(&line, &house);
	content = hash_sha256(buffer_span(&line));
	node_random(bench->sender.node, secret.bytes, sizeof secret.bytes);
	snprintf(id, sizeof id, "bench-%u", (unsigned)number);
	error = line.failed;
	if (!error)
		error = order_sign(document, node_document_key(bench->sender.node), SENDER,
		    KIND_institution, span_text(id), (struct span){NULL, 0}, 0, &content, &secret,
		    buffer_span(&line), 1);
	codec_put_array(attachment, 3);
	codec_put_bytes(attachment, hash_span(&secret));
	codec_put_uint(attachment, 1);
	codec_put_bytes(attachment, buffer_span(&line));
	buffer_free(&line);
	return error ? error : attachment->failed;
}

static enum error queue_group(struct link_bench *bench, size_t count, struct error_detail *detail)
{
	struct buffer documents[GROUP_COMMANDS_MAX], attachments[GROUP_COMMANDS_MAX];
	struct submission submissions[GROUP_COMMANDS_MAX];
	struct answer answers[GROUP_COMMANDS_MAX];
	enum error error = ERROR_NONE;

	memset(documents, 0, sizeof documents);
	memset(attachments, 0, sizeof attachments);
	memset(submissions, 0, sizeof submissions);
	for (size_t i = 0; !error && i < count; i++) {
		error = write_order(bench, bench->orders++, &documents[i], &attachments[i]);
		submissions[i].document = buffer_span(&documents[i]);
		submissions[i].attachment = buffer_span(&attachments[i]);
	}
	if (!error)
		error = node_submit_group(bench->sender.node, submissions, count, answers);
	for (size_t i = 0; !error && i < count; i++) {
		error = answers[i].error;
		*detail = answers[i].detail;
	}
	for (size_t i = 0; i < count; i++) {
		buffer_free(&documents[i]);
		buffer_free(&attachments[i]);
	}
	return error;
}

static enum error queue(struct link_bench *bench, uint64_t documents, struct error_detail *detail)
{
	enum error error = ERROR_NONE;

	for (uint64_t at = 0; !error && at < documents; at += GROUP_COMMANDS_MAX)
		error = queue_group(bench,
		    documents - at < GROUP_COMMANDS_MAX ? (size_t)(documents - at)
							: GROUP_COMMANDS_MAX,
		    detail);
	return error;
}

/* --- what is measured -------------------------------------------------------------------------------------- */

static enum error measure_ours(
    struct link_bench *bench, uint64_t documents, double *rate, struct error_detail *detail)
{
	const uint32_t peer = RECEIVER;
	struct outbox_state before, after;
	enum error error = outboxes_state(bench->outboxes, peer, &before);
	double start;

	if (!error)
		error = queue(bench, documents, detail);
	if (error)
		return error;
	bench->exchanged = (struct exchanged){0};
	start = bench_now();
	outboxes_wake(bench->outboxes);
	if (!outboxes_idle(bench->outboxes, &peer, 1, IDLE_MS))
		return error_set(detail, ERROR_TIMEOUT, "documents still wait");
	*rate = (double)documents / (bench_now() - start);
	error = outboxes_state(bench->outboxes, peer, &after);
	if (!error && (after.sent - before.sent != documents || after.refused != before.refused))
		error = error_set(detail, ERROR_NOT_VERIFIED,
		    "%llu of %llu documents were booked, %llu refused",
		    (unsigned long long)(after.sent - before.sent), (unsigned long long)documents,
		    (unsigned long long)(after.refused - before.refused));
	return error;
}

/* As many requests and answers, as long as ours were. */
static enum error measure_link(
    struct link_bench *bench, uint64_t documents, double *rate, struct error_detail *detail)
{
	const struct exchanged *of = &bench->exchanged;
	size_t size = (size_t)(of->sent / of->requests);
	struct buffer request = {0}, answer = {0};
	uint8_t *at = buffer_extend(&request, size);
	enum error error = request.failed;
	double start = bench_now();

	if (at)
		memset(at, 0, size);
	bench->receiver.answer_size = (size_t)(of->received / of->requests);
	bench->receiver.echoes = true;
	for (uint64_t i = 0; !error && i < of->requests; i++) {
		buffer_clear(&answer);
		error = link_request(bench->sender.link, RECEIVER, buffer_span(&request),
		    DELIVERY_TIMEOUT_MS, &answer, detail);
	}
	*rate = (double)documents / (bench_now() - start);
	bench->receiver.echoes = false;
	buffer_free(&request);
	buffer_free(&answer);
	return error;
}

static enum error append(
    struct store *store, uint64_t from, uint64_t count, const uint8_t *body, size_t size)
{
	struct txn *txn;
	enum error error = txn_begin_write(store, &txn);

	for (uint64_t i = 0; !error && i < count; i++) {
		uint8_t key[8];

		be64_write(key, from + i);
		error = store_append(txn, 0, span_of(key, sizeof key), span_of(body, size));
	}
	if (!error)
		return txn_commit(txn);
	txn_abort(txn);
	return error;
}

/* The receiver's groups and the sender's acknowledgements, a batch after the other. */
static enum error append_all(struct store *const stores[2], const struct exchanged *of,
    uint64_t documents, const uint8_t *body)
{
	size_t size = (size_t)(of->sent / documents) + ENTRY_BYTES,
	       answer = (size_t)(of->received / of->requests) + ENTRY_BYTES;
	uint64_t booked = 0;
	enum error error = ERROR_NONE;

	for (uint64_t i = 0; !error && i < of->requests; i++) {
		uint64_t until = documents * (i + 1) / of->requests;

		while (!error && booked < until) {
			uint64_t n = until - booked < GROUP_COMMANDS_MAX ? until - booked
									 : GROUP_COMMANDS_MAX;

			error = append(stores[0], booked, n, body, size);
			booked += n;
		}
		if (!error)
			error = append(stores[1], i, 1, body, answer);
	}
	return error;
}

static enum error measure_disk(struct link_bench *bench, const char *folder, uint64_t documents,
    double *rate, struct error_detail *detail)
{
	static const struct store_table tables[] = {{0, "entry"}};
	const struct store_options options = {
	    .tables = tables, .table_count = 1, .map_size = FLOOR_MAP_SIZE};
	const struct exchanged *of = &bench->exchanged;
	uint8_t *body = calloc(1, (size_t)(of->sent + of->received) + ENTRY_BYTES);
	struct store *stores[2] = {NULL, NULL};
	enum error error = body ? ERROR_NONE : ERROR_MEMORY;
	char path[400], file[420];
	double start;

	for (unsigned i = 0; !error && i < 2; i++) {
		snprintf(path, sizeof path, "%s/floor-%u", folder, i);
		if (mkdir(path, 0700) != 0)
			error = error_set(detail, ERROR_IO, "%s: %s", path, strerror(errno));
		else
			error = store_open(path, &options, &stores[i], detail);
	}
	start = bench_now();
	if (!error)
		error = append_all(stores, of, documents, body);
	*rate = (double)documents / (bench_now() - start);
	for (unsigned i = 0; i < 2; i++) {
		store_close(stores[i]);
		snprintf(path, sizeof path, "%s/floor-%u", folder, i);
		snprintf(file, sizeof file, "%s/data.mdb", path);
		unlink(file);
		snprintf(file, sizeof file, "%s/lock.mdb", path);
		unlink(file);
		rmdir(path);
	}
	free(body);
	return error;
}

/* Signatures that are checked between queue and acknowledgement: each document's at the receiver, and at the sender the acknowledgement of each
 * request. (One is made a request, and one of the log's head in each commit; a document's own was made when it was queued.) */
static uint64_t checks(const struct exchanged *of, uint64_t documents)
{
	return documents + of->requests;
}

static enum error measure_signatures(
    struct link_bench *bench, uint64_t documents, double *rate, unsigned *cores)
{
	struct buffer bytes = {0}, attachment = {0};
	struct document document;
	enum error error = write_order(bench, bench->orders, &bytes, &attachment);
	double seconds = 1;

	if (!error)
		error = document_read(buffer_span(&bytes), &document);
	if (!error)
		error = bench_signatures(&document, &node_document_key(bench->sender.node)->public,
		    checks(&bench->exchanged, documents), &seconds, cores);
	*rate = (double)documents / seconds;
	buffer_free(&bytes);
	buffer_free(&attachment);
	return error;
}

static enum error bench_open(
    struct link_bench *bench, const char *folder, struct error_detail *detail)
{
	struct outbox_options outboxes = {.send = carry, .context = bench};
	struct node *nodes[2];
	enum error error = city_open(&bench->sender, folder, SENDER, detail);

	if (!error)
		error = city_open(&bench->receiver, folder, RECEIVER, detail);
	bench_node_remove(bench->sender.directory);
	bench_node_remove(bench->receiver.directory);
	nodes[0] = bench->sender.node;
	nodes[1] = bench->receiver.node;
	if (!error)
		error = node_introduce(nodes, 2, detail);
	if (!error)
		error = city_link(&bench->receiver, true, detail);
	if (!error)
		error = city_link(&bench->sender, false, detail);
	if (!error)
		error = introduce_over_link(&bench->receiver, &bench->sender, detail);
	if (!error)
		error = introduce_over_link(&bench->sender, &bench->receiver, detail);
	outboxes.node = bench->sender.node;
	if (!error)
		error = outboxes_open(&outboxes, &bench->outboxes);
	return error ? error : outboxes_add(bench->outboxes, RECEIVER);
}

static void bench_close(struct link_bench *bench)
{
	outboxes_close(bench->outboxes);
	link_close(bench->sender.link);
	link_close(bench->receiver.link);
	node_close(bench->sender.node);
	node_close(bench->receiver.node);
	explicit_bzero(&bench->sender.secret, sizeof bench->sender.secret);
	explicit_bzero(&bench->receiver.secret, sizeof bench->receiver.secret);
}

static enum error run(struct link_bench *bench, const char *folder, uint64_t documents,
    unsigned rounds, struct link_case *of, struct error_detail *detail)
{
	/* The houses, the handshake and the greeting come first: they are not what is measured. */
	enum error error = measure_ours(bench, HOUSES, &of->ours[0], detail);

	for (unsigned i = 0; i < rounds && !error; i++) {
		error = measure_ours(bench, documents, &of->ours[i], detail);
		of->exchanged = bench->exchanged;
		if (!error)
			error = measure_link(bench, documents, &of->link[i], detail);
		bench->exchanged = of->exchanged;
		if (!error)
			error = measure_disk(bench, folder, documents, &of->disk[i], detail);
		if (!error)
			error =
			    measure_signatures(bench, documents, &of->signatures[i], &of->cores);
	}
	return error;
}

/* --- report ------------------------------------------------------------------------------------------------ */

static double lesser(double a, double b)
{
	return a < b ? a : b;
}

/* Ours to the slower of link and disk; to the slowest of the three, signatures with them. */
static double ratio(const struct link_case *of, unsigned rounds, bool with_signatures)
{
	double ratios[BENCH_ROUNDS_MAX];

	for (unsigned i = 0; i < rounds; i++) {
		double floor = lesser(of->link[i], of->disk[i]);

		ratios[i] =
		    of->ours[i] / (with_signatures ? lesser(floor, of->signatures[i]) : floor);
	}
	return bench_median(ratios, rounds);
}

static void report_json(
    const struct link_case *of, const char *work, uint64_t documents, unsigned rounds)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *list = yyjson_mut_arr(doc),
		       *one = yyjson_mut_obj(doc), *ours = yyjson_mut_obj(doc),
		       *floor = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "bench", "link");
	yyjson_mut_obj_add_str(doc, root, "work", work);
	yyjson_mut_obj_add_str(doc, one, "name", "notices of houses");
	yyjson_mut_obj_add_real(doc, ours, "documents_per_s", bench_median(of->ours, rounds));
	yyjson_mut_obj_add_uint(doc, ours, "requests", of->exchanged.requests);
	yyjson_mut_obj_add_uint(doc, ours, "bytes_sent", of->exchanged.sent);
	yyjson_mut_obj_add_uint(doc, ours, "bytes_received", of->exchanged.received);
	yyjson_mut_obj_add_uint(doc, ours, "signatures_checked", checks(&of->exchanged, documents));
	yyjson_mut_obj_add_val(doc, one, "ours", ours);
	yyjson_mut_obj_add_real(doc, floor, "link_documents_per_s", bench_median(of->link, rounds));
	yyjson_mut_obj_add_real(doc, floor, "disk_documents_per_s", bench_median(of->disk, rounds));
	yyjson_mut_obj_add_real(
	    doc, floor, "signatures_documents_per_s", bench_median(of->signatures, rounds));
	yyjson_mut_obj_add_uint(doc, floor, "signature_cores", of->cores);
	yyjson_mut_obj_add_val(doc, one, "floor", floor);
	yyjson_mut_obj_add_val(doc, one, "peers", yyjson_mut_arr(doc));
	yyjson_mut_obj_add_real(doc, one, "ratio_to_floor", ratio(of, rounds, false));
	yyjson_mut_obj_add_real(
	    doc, one, "ratio_to_floor_with_signatures", ratio(of, rounds, true));
	yyjson_mut_arr_add_val(list, one);
	yyjson_mut_obj_add_val(doc, root, "cases", list);
	bench_about_json(doc, root);
	output_json(doc, true);
}

static void report(
    const struct link_case *of, const char *work, uint64_t documents, unsigned rounds)
{
	printf("link: %s\n", work);
	printf("%.1f%% of the slower of link and disk, %.1f%% of the slowest of link, disk and "
	       "signatures (median of %u)\n",
	    100 * ratio(of, rounds, false), 100 * ratio(of, rounds, true), rounds);
	printf("  ours       %9.0f documents/s: %llu requests, %llu bytes sent, %llu received\n",
	    bench_median(of->ours, rounds), (unsigned long long)of->exchanged.requests,
	    (unsigned long long)of->exchanged.sent, (unsigned long long)of->exchanged.received);
	printf("  link alone %9.0f documents/s\n", bench_median(of->link, rounds));
	printf("  disk alone %9.0f documents/s\n", bench_median(of->disk, rounds));
	printf("  signatures %9.0f documents/s: %.3f checked a document, by %u cores\n",
	    bench_median(of->signatures, rounds),
	    (double)checks(&of->exchanged, documents) / (double)documents, of->cores);
	bench_about_print();
}

int bench_link(struct cli *cli, int argc, char **argv)
{
	const char *documents = NULL, *rounds = NULL, *folder = getenv("TMPDIR");
	const struct cli_option options[] = {{"documents", &documents, NULL},
	    {"rounds", &rounds, NULL}, {"dir", &folder, NULL}, {NULL, NULL, NULL}};
	uint64_t count = DOCUMENTS_DEFAULT, times = 1;
	struct error_detail detail = {""};
	struct link_bench bench = {.orders = 0};
	struct link_case result = {.exchanged = {0, 0, 0}};
	char directory[256], work[96];
	enum error error = ERROR_NONE;

	if (cli_options(cli, NULL, argc, argv, options, 0, 0) < 0)
		return CLI_USAGE;
	if (documents && cli_number(cli, "--documents", documents, DOCUMENTS_MAX, &count))
		return CLI_USAGE;
	if (rounds && cli_number(cli, "--rounds", rounds, BENCH_ROUNDS_MAX, &times))
		return CLI_USAGE;
	if (count == 0 || times == 0)
		return cli_usage(cli->command, "at least one document and round");
	snprintf(
	    directory, sizeof directory, "%.200s/suiren-bench-XXXXXX", folder ? folder : "/tmp");
	if (!mkdtemp(directory))
		error = error_set(&detail, ERROR_IO, "%s: %s", directory, strerror(errno));
	if (!error)
		error = bench_open(&bench, directory, &detail);
	if (!error)
		error = run(&bench, directory, count, (unsigned)times, &result, &detail);
	bench_close(&bench);
	rmdir(directory);
	if (error)
		return cli_fail(cli, error, &detail, "bench link");
	snprintf(work, sizeof work, "%llu documents of one city to another, on loopback",
	    (unsigned long long)count);
	if (cli->json)
		report_json(&result, work, count, (unsigned)times);
	else
		report(&result, work, count, (unsigned)times);
	return CLI_DONE;
}
