#include "bench.h"

#include <lmdb.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "output.h"

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void remove_files(const char *directory, const char *const *names, size_t count)
{
	char path[512];

	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		unlink(path);
	}
}

void bench_store_remove(const char *directory)
{
	static const char *const files[] = {"data.mdb", "lock.mdb"};

	remove_files(directory, files, sizeof files / sizeof *files);
	rmdir(directory);
}

void bench_node_remove(const char *directory)
{
	static const char *const files[] = {"keys/root.key", "keys/document.key", "keys/log.key",
	    "keys/witness.key", "keys/link.key", "keys/registry.key", "node.yaml", "lock"};
	char path[512];

	remove_files(directory, files, sizeof files / sizeof *files);
	snprintf(path, sizeof path, "%s/ledger", directory);
	bench_store_remove(path);
	snprintf(path, sizeof path, "%s/keys", directory);
	rmdir(path);
	rmdir(directory);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

double bench_median(const double *values, unsigned count)
{
	double sorted[BENCH_ROUNDS_MAX];

	memcpy(sorted, values, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare);
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

/* The first line of /proc/cpuinfo that begins with `name`, after its colon. */
static void cpu_line(const char *name, char *out, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[4096];

	out[0] = 0;
	while (file && !out[0] && fgets(line, sizeof line, file)) {
		char *colon = strchr(line, ':');
		if (strncmp(line, name, strlen(name)) == 0 && colon)
			snprintf(out, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
	}
	if (file)
		fclose(file);
}

struct machine {
	char processor[128], system[256];
	bool sha_ni;
	long cores;
};

static void describe_machine(struct machine *machine)
{
	static char flags[4096];
	struct utsname name;

	cpu_line("model name", machine->processor, sizeof machine->processor);
	cpu_line("flags", flags, sizeof flags);
	machine->sha_ni = strstr(flags, " sha_ni") != NULL;
	machine->cores = sysconf(_SC_NPROCESSORS_ONLN);
	machine->system[0] = 0;
	if (uname(&name) == 0)
		snprintf(machine->system, sizeof machine->system, "%.64s %.64s %.64s", name.sysname,
		    name.release, name.machine);
}

void bench_about_json(yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *about = yyjson_mut_obj(doc), *versions = yyjson_mut_obj(doc);
	struct machine machine;

	describe_machine(&machine);
	yyjson_mut_obj_add_strcpy(doc, about, "processor", machine.processor);
	yyjson_mut_obj_add_int(doc, about, "cores", machine.cores);
	yyjson_mut_obj_add_bool(doc, about, "sha_ni", machine.sha_ni);
	yyjson_mut_obj_add_strcpy(doc, about, "system", machine.system);
	yyjson_mut_obj_add_val(doc, root, "machine", about);
	yyjson_mut_obj_add_str(doc, versions, "lmdb", mdb_version(NULL, NULL, NULL));
	yyjson_mut_obj_add_str(doc, versions, "libsodium", sodium_version_string());
	yyjson_mut_obj_add_str(doc, versions, "libcrypto", OpenSSL_version(OPENSSL_VERSION));
	yyjson_mut_obj_add_val(doc, root, "versions", versions);
}

void bench_about_print(void)
{
	struct machine machine;

	describe_machine(&machine);
	printf("machine: %s, %ld cores, SHA instructions: %s; %s\n", machine.processor,
	    machine.cores, machine.sha_ni ? "yes" : "no", machine.system);
	printf("versions: %s; libsodium %s; %s\n", mdb_version(NULL, NULL, NULL),
	    sodium_version_string(), OpenSSL_version(OPENSSL_VERSION));
}

/* Of the rounds' ratios, since both sides of a round met the same machine. */
static double ratio(const struct bench_case *of)
{
	double ratios[BENCH_ROUNDS_MAX];

	for (unsigned i = 0; i < of->rounds; i++)
		ratios[i] = of->ours.rate[i] / of->floor.rate[i];
	return bench_median(ratios, of->rounds);
}

static yyjson_mut_val *side_json(yyjson_mut_doc *doc, const struct bench_side *of, unsigned rounds)
{
	yyjson_mut_val *side = yyjson_mut_obj(doc), *each = yyjson_mut_arr(doc);

	yyjson_mut_obj_add_real(doc, side, "lines_per_s", bench_median(of->rate, rounds));
	yyjson_mut_obj_add_real(
	    doc, side, "writer_cpu_ns_a_line", bench_median(of->writer, rounds));
	yyjson_mut_obj_add_real(
	    doc, side, "workers_cpu_ns_a_line", bench_median(of->workers, rounds));
	yyjson_mut_obj_add_real(doc, side, "bytes_a_line", bench_median(of->bytes, rounds));
	for (unsigned i = 0; i < rounds; i++)
		yyjson_mut_arr_add_real(doc, each, of->rate[i]);
	yyjson_mut_obj_add_val(doc, side, "rounds", each);
	return side;
}

static void report_json(
    const char *name, const char *work, const struct bench_case *cases, size_t count)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *list = yyjson_mut_arr(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "bench", name);
	yyjson_mut_obj_add_str(doc, root, "work", work);
	for (size_t i = 0; i < count; i++) {
		yyjson_mut_val *one = yyjson_mut_obj(doc);

		yyjson_mut_obj_add_str(doc, one, "name", cases[i].name);
		yyjson_mut_obj_add_val(
		    doc, one, "ours", side_json(doc, &cases[i].ours, cases[i].rounds));
		yyjson_mut_obj_add_val(
		    doc, one, "floor", side_json(doc, &cases[i].floor, cases[i].rounds));
		yyjson_mut_obj_add_val(doc, one, "peers", yyjson_mut_arr(doc));
		yyjson_mut_obj_add_real(doc, one, "ratio_to_floor", ratio(&cases[i]));
		yyjson_mut_arr_add_val(list, one);
	}
	yyjson_mut_obj_add_val(doc, root, "cases", list);
	bench_about_json(doc, root);
	output_json(doc, true);
}

static void report_side(const char *name, const struct bench_side *side, unsigned rounds)
{
	printf("  %-8s %12.0f lines/s %8.0f ns writing, %4.0f ns preparing a line %6.1f bytes\n",
	    name, bench_median(side->rate, rounds), bench_median(side->writer, rounds),
	    bench_median(side->workers, rounds), bench_median(side->bytes, rounds));
}

void bench_report(const struct cli *cli, const char *name, const char *work,
    const struct bench_case *cases, size_t count)
{
	if (cli->json) {
		report_json(name, work, cases, count);
		return;
	}
	printf("%s: %s\n", name, work);
	for (size_t i = 0; i < count; i++) {
		printf("%s: %.1f%% of the floor (median of %u)\n", cases[i].name,
		    100 * ratio(&cases[i]), cases[i].rounds);
		report_side("ours", &cases[i].ours, cases[i].rounds);
		report_side("floor", &cases[i].floor, cases[i].rounds);
	}
	bench_about_print();
}

const struct cli_command bench_commands[] = {
    {"bench", "ingest",
	"[--persons N] [--rounds N] [--lines-per-sheet N [--group N]] [--dir DIR] [--json]",
	"Claim sheets through every rule, beside the same work without rules",
	"suiren bench ingest --persons 300000", bench_ingest},
    {"bench", "link", "[--documents N] [--rounds N] [--dir DIR] [--json]",
	"Documents between two cities over a link, beside its parts",
	"suiren bench link --documents 100000", bench_link},
    {"bench", "reconcile", "[--obligations N] [--rounds N] [--json]",
	"Two sets of obligations compared over the wire, beside negentropy",
	"suiren bench reconcile --obligations 100000", bench_reconcile},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
