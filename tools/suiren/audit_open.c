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

/* An auditor may have no registry key; a file that is there but cannot be read is told. */
static enum error rules_open(
    const char *directory, struct audit_subject *subject, struct error_detail *detail)
{
	struct secret_key unused = {0};
	char path[4096];
	subject->rules = (struct settlement_options){.region = subject->config->region,
	    .epoch = subject->config->epoch,
	    .demo = subject->config->demo};
	snprintf(path, sizeof(path), "%s/keys/registry.key", directory);
	enum error error =
	    key_file_read(path, "registry", &unused, &subject->rules.registry_key, detail);
	subject->rules.has_registry_key = !error;
	key_wipe(&unused);
	if (error == ERROR_NOT_FOUND)
		error = ERROR_NONE;
	return error ? error : settlement_create(&subject->rules, &subject->settlement);
}

static enum error ledger_alone(
    const char *directory, struct audit_subject *subject, struct error_detail *detail)
{
	char path[4096];
	enum error error = config_open(directory, subject, detail);
	if (!error)
		error = rules_open(directory, subject, detail);
	if (error)
		return error;
	subject->options = (struct ledger_options){.read_only = true,
	    .unchecked = true,
	    .map_size = subject->config->map_size,
	    .chart = settlement_chart,
	    .project_own = settlement_project_own,
	    .project_context = subject->settlement,
	    .origin = subject->origin,
	    .epoch = subject->config->epoch};
	subject->options.tables = settlement_tables(&subject->options.table_count);
	snprintf(path, sizeof(path), "%s/ledger", directory);
	return ledger_open(path, &subject->options, &subject->ledger, detail);
}

static void rules_of(struct audit_subject *subject)
{
	const struct settlement *settlement = node_settlement(subject->node);
	const struct hash *key = settlement_registry_key(settlement);
	subject->rules = (struct settlement_options){.region = settlement_region(settlement),
	    .epoch = settlement_epoch(settlement),
	    .demo = settlement_demo(settlement),
	    .has_registry_key = key != NULL};
	if (key)
		subject->rules.registry_key = *key;
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
		rules_of(subject);
		const struct node_config *config = node_configuration(subject->node);
		snprintf(subject->origin, sizeof(subject->origin), "%s/%" PRIu32,
		    config->origin_base, config->epoch);
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
	settlement_free(subject->settlement);
	free(subject->config);
	explicit_bzero(subject, sizeof(*subject));
}
