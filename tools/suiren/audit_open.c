#include "audit_open.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a node says when its own books or keys contradict each other, as against a world that fails. */
static bool contradicts(enum error error)
{
	return error == ERROR_CORRUPT || error == ERROR_NOT_VERIFIED || error == ERROR_MALFORMED ||
	       error == ERROR_MISMATCH || error == ERROR_SIGNATURE || error == ERROR_UNKNOWN_KEY ||
	       error == ERROR_TOO_LARGE || error == ERROR_ENCODING || error == ERROR_CHECK_DIGIT ||
	       error == ERROR_RANGE;
}

static void config_ignore(
    void *context, const char *file, unsigned line, const char *field, const char *text)
{
	(void)file;
	(void)line;
	(void)field;
	(void)text;
	(void)context;
}

static enum error config_open(
    const char *directory, struct audit_subject *subject, struct error_detail *detail)
{
	char path[4096];
	struct buffer file = {0};
	struct secret_key key;
	snprintf(path, sizeof(path), "%s/node.yaml", directory);
	enum error error = cli_read_file(path, CONFIG_FILE_MAX, &file, detail);
	subject->config = error ? NULL : calloc(1, sizeof(*subject->config));
	if (!error && !subject->config)
		error = ERROR_MEMORY;
	if (!error)
		error = node_config_load(
		    path, buffer_span(&file), config_ignore, NULL, subject->config);
	buffer_free(&file);
	if (error)
		return error;
	snprintf(subject->origin, sizeof(subject->origin), "%s/%" PRIu32,
	    subject->config->origin_base, subject->config->epoch);
	snprintf(path, sizeof(path), "%s/keys/log.key", directory);
	error = key_file_read(path, "log", &key, NULL, detail);
	if (error)
		return error;
	note_verifier_make(&subject->log, subject->origin, NOTE_TYPE_ED25519, &key.public);
	key_wipe(&key);
	return ERROR_NONE;
}

static enum error ledger_alone(
    const char *directory, struct audit_subject *subject, struct error_detail *detail)
{
	char path[4096];
	enum error error = config_open(directory, subject, detail);
	if (error)
		return error;
	subject->options = (struct ledger_options){.read_only = true,
	    .map_size = subject->config->map_size,
	    .chart = settlement_chart,
	    .origin = subject->origin,
	    .epoch = subject->config->epoch};
	subject->options.tables = settlement_tables(&subject->options.table_count);
	snprintf(path, sizeof(path), "%s/ledger", directory);
	return ledger_open(path, &subject->options, &subject->ledger, detail);
}

int audit_open(struct cli *cli, const char *directory, struct audit_subject *subject,
    struct error_detail *finding)
{
	const struct node_options options = {.read_only = true};
	struct error_detail detail = {""};
	memset(subject, 0, sizeof(*subject));
	int status = cli_directory(cli, directory);
	if (status)
		return status;
	enum error error = node_open(directory, &options, &subject->node, &detail);
	if (!error) {
		subject->ledger = node_ledger(subject->node);
		node_log_verifier(subject->node, &subject->log);
		return CLI_DONE;
	}
	if (!contradicts(error))
		return cli_fail(cli, error, &detail, directory);
	*finding = detail;
	if (!finding->text[0])
		error_set(finding, error, "the node does not open: %s", error_text(error));
	error = ledger_alone(directory, subject, &detail);
	if (!error)
		return CLI_DONE;
	audit_close(subject);
	return cli_fail(cli, error, &detail, directory);
}

void audit_close(struct audit_subject *subject)
{
	if (subject->node)
		node_close(subject->node);
	else
		ledger_close(subject->ledger);
	free(subject->config);
	memset(subject, 0, sizeof(*subject));
}
