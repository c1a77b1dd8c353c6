/* Run at build time: writes a C file that holds the given policy files. Usage: embed OUT.c REGION.yaml... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int embed(FILE *out, const char *path)
{
	FILE *in = fopen(path, "rb");
	const char *name = strrchr(path, '/');
	long region = strtol(name ? name + 1 : path, NULL, 10);
	int byte, column = 0;

	if (!in) {
		perror(path);
		return -1;
	}
	fprintf(out, "static const uint8_t policy_%ld[] = {", region);
	while ((byte = getc(in)) != EOF)
		fprintf(out, "%s%d,", column++ % 24 ? "" : "\n", byte);
	fprintf(out, "\n};\n");
	return fclose(in);
}

int main(int argc, char **argv)
{
	FILE *out = argc > 2 ? fopen(argv[1], "wb") : NULL;

	if (!out) {
		fprintf(stderr, "usage: embed OUT.c REGION.yaml...\n");
		return 1;
	}
	fprintf(out, "#include \"embedded.h\"\n");
	for (int i = 2; i < argc; i++) {
		if (embed(out, argv[i]))
			return 1;
	}
	fprintf(out, "struct span policy_embedded(uint32_t region)\n{\n\tswitch (region) {\n");
	for (int i = 2; i < argc; i++) {
		const char *name = strrchr(argv[i], '/');
		long region = strtol(name ? name + 1 : argv[i], NULL, 10);
		fprintf(out, "\tcase %ld:\n\t\treturn span_of(policy_%ld, sizeof policy_%ld);\n",
		    region, region, region);
	}
	fprintf(out, "\tdefault:\n\t\treturn span_of(NULL, 0);\n\t}\n}\n");
	return fclose(out) ? 1 : 0;
}
