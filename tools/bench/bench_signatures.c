#include "bench_signatures.h"

#include <pthread.h>
#include <unistd.h>

#include "bench.h"

struct checker {
	pthread_t thread;
	const struct document *document;
	const struct public_key *key;
	uint64_t checks;
	enum error error;
};

static void *check(void *context)
{
	struct checker *checker = context;

	for (uint64_t i = 0; i < checker->checks && !checker->error; i++)
		checker->error = document_verify(checker->document, checker->key);
	return NULL;
}

enum error bench_signatures(const struct document *document, const struct public_key *key,
    uint64_t checks, double *seconds, unsigned *cores)
{
	struct checker checkers[BENCH_CORES_MAX];
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned count = online < 1                       ? 1
			 : online > (long)BENCH_CORES_MAX ? BENCH_CORES_MAX
							  : (unsigned)online;
	unsigned begun = 0;
	enum error error = ERROR_NONE;
	double start = bench_now();

	for (; begun < count && !error; begun++) {
		struct checker *checker = &checkers[begun];

		*checker = (struct checker){.document = document,
		    .key = key,
		    .checks = checks * (begun + 1) / count - checks * begun / count};
		if (pthread_create(&checker->thread, NULL, check, checker) != 0) {
			error = ERROR_MEMORY;
			break;
		}
	}
	for (unsigned i = 0; i < begun; i++) {
		pthread_join(checkers[i].thread, NULL);
		if (!error)
			error = checkers[i].error;
	}
	*seconds = bench_now() - start;
	*cores = count;
	return error;
}
