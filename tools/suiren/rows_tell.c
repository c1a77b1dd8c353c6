/* rows_tell.c: what the commands of the registers say: wrong rows, refused rows, entries. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "reason.h"
#include "rows.h"

/* "file:17: text", or "text" about a row from options. */
static void tell_row(FILE *out, const struct rows *rows, unsigned line)
{
	output_text(out, span_text(rows->file));
	if (line > 0)
		fprintf(out, ":%u", line);
	fputs(": ", out);
}

static uint32_t told(uint32_t count)
{
	return count < ROWS_TOLD_MAX ? count : ROWS_TOLD_MAX;
}

static int wrong_json(const struct rows *rows)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	char text[64];
	yyjson_mut_doc_set_root(doc, object);
	snprintf(text, sizeof(text), "%" PRIu32 " wrong row%s; nothing was booked",
	    rows->wrong_count, rows->wrong_count == 1 ? "" : "s");
	yyjson_mut_obj_add_str(doc, object, "error", error_name(rows->wrong[0].code));
	yyjson_mut_obj_add_strcpy(doc, object, "message", text);
	json_text(doc, object, "file", span_text(rows->file));
	yyjson_mut_obj_add_uint(doc, object, "wrong_count", rows->wrong_count);
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	yyjson_mut_obj_add_val(doc, object, "wrong", array);
	for (uint32_t i = 0; i < told(rows->wrong_count); i++) {
		const struct rows_wrong_row *wrong = &rows->wrong[i];
		yyjson_mut_val *row = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_uint(doc, row, "line", wrong->line);
		yyjson_mut_obj_add_str(doc, row, "error", error_name(wrong->code));
		json_text(doc, row, "text", span_text(wrong->text));
	}
	return output_json(doc, true);
}

static int by_line(const void *a, const void *b)
{
	unsigned left = ((const struct rows_wrong_row *)a)->line;
	unsigned right = ((const struct rows_wrong_row *)b)->line;
	return left < right ? -1 : left > right;
}

int rows_tell_wrong(struct rows *rows)
{
	/* what the node has to say was found after what the form says */
	qsort(rows->wrong, told(rows->wrong_count), sizeof(rows->wrong[0]), by_line);
	int status = cli_status_of(rows->wrong[0].code);
	for (uint32_t i = 0; i < told(rows->wrong_count); i++) {
		tell_row(stderr, rows, rows->wrong[i].line);
		output_text(stderr, span_text(rows->wrong[i].text));
		fputc('\n', stderr);
	}
	if (rows->wrong_count > 1) {
		tell_row(stderr, rows, 0);
		fprintf(stderr, "%" PRIu32 " wrong rows%s; nothing was booked 未入账\n",
		    rows->wrong_count,
		    rows->wrong_count > ROWS_TOLD_MAX ? ", the first 100 are told" : "");
	}
	if (rows->cli->json && wrong_json(rows))
		return CLI_WORLD;
	return status;
}

/* --- what was booked --------------------------------------------------------------------------------------- */

static uint32_t refused_count(const struct rows *rows)
{
	return (uint32_t)(rows->refused.size / sizeof(struct rows_refused_row));
}

static struct rows_refused_row refused_at(const struct rows *rows, uint32_t i)
{
	struct rows_refused_row refused;
	memcpy(&refused, rows->refused.data + i * sizeof(refused), sizeof(refused));
	return refused;
}

static struct rows_entry entry_at(const struct rows *rows, uint32_t i)
{
	struct rows_entry entry;
	memcpy(&entry, rows->entries.data + i * sizeof(entry), sizeof(entry));
	return entry;
}

static void tell_refused(const struct rows *rows)
{
	uint32_t count = refused_count(rows);
	for (uint32_t i = 0; i < told(count); i++) {
		struct rows_refused_row refused = refused_at(rows, i);
		char day[DAY_TEXT_SIZE] = "";
		if (refused.has_day)
			day_write(refused.day, day);
		const char *english = reason_english(refused.reason);
		const char *chinese = reason_chinese(refused.reason);
		tell_row(stderr, rows, rows_line(rows, refused.row));
		if (refused.reason == REASON_duplicate && rows->kind->duplicate)
			fprintf(stderr, "%s\n", rows->kind->duplicate);
		else
			fprintf(stderr, "%s%s%s%s %s\n", english ? english : "refused",
			    refused.has_day ? " (" : "", day, refused.has_day ? ")" : "",
			    chinese ? chinese : "未通过");
	}
	if (count > ROWS_TOLD_MAX) {
		tell_row(stderr, rows, 0);
		fprintf(stderr, "%" PRIu32 " rows were refused, the first %u are told\n", count,
		    ROWS_TOLD_MAX);
	}
}

/* Rows of the file. */
static uint32_t file_rows(const struct rows *rows, uint32_t count)
{
	return rows->kind->lines_each > 1 ? count / rows->kind->lines_each : count;
}

/* Rows of the file of which anything was refused. */
static uint32_t refused_rows(const struct rows *rows)
{
	uint32_t distinct = 0, last = UINT32_MAX;
	for (uint32_t i = 0; i < refused_count(rows); i++) {
		uint32_t row = file_rows(rows, refused_at(rows, i).row);
		distinct += row != last;
		last = row;
	}
	return distinct;
}

/* Refused rows are recorded too, but nothing is booked of them. */
static void tell_entries(const struct rows *rows)
{
	uint32_t refused = refused_rows(rows);
	for (uint32_t i = 0; i * sizeof(struct rows_entry) < rows->entries.size; i++) {
		struct rows_entry entry = entry_at(rows, i);
		output_text(stdout, span_text(rows->file));
		uint32_t count = file_rows(rows, entry.rows);
		printf(": %" PRIu32 " row%s ", count, count == 1 ? "" : "s");
		if (entry.repeat)
			printf("done before, repeat of entry %" PRIu64 " 重复提交\n", entry.sequence);
		else if (refused > 0)
			printf("recorded in entry %" PRIu64 " 已记录\n", entry.sequence);
		else
			printf("booked as entry %" PRIu64 " 已入账\n", entry.sequence);
	}
	if (refused == 0)
		return;
	output_text(stdout, span_text(rows->file));
	printf(": 受理 accepted %" PRIu32 ", 拒绝 refused %" PRIu32 "\n",
	    file_rows(rows, rows->count) - refused, refused);
}

static void refused_json(const struct rows *rows, yyjson_mut_doc *doc, yyjson_mut_val *object)
{
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	yyjson_mut_obj_add_val(doc, object, "refused", array);
	for (uint32_t i = 0; i < refused_count(rows); i++) {
		struct rows_refused_row refused = refused_at(rows, i);
		yyjson_mut_val *row = yyjson_mut_arr_add_obj(doc, array);
		const char *name = reason_name(refused.reason);
		yyjson_mut_obj_add_uint(doc, row, "line", rows_line(rows, refused.row));
		json_text(doc, row, "reason", span_text(name ? name : "unknown"));
		if (name) {
			json_text(doc, row, "reason_en", span_text(reason_english(refused.reason)));
			json_text(doc, row, "reason_zh", span_text(reason_chinese(refused.reason)));
		}
		if (refused.has_day)
			json_day(doc, row, "day", refused.day);
	}
}

static bool repeated(const struct rows *rows)
{
	bool repeat = false;
	for (uint32_t i = 0; i * sizeof(struct rows_entry) < rows->entries.size; i++)
		repeat = repeat || entry_at(rows, i).repeat;
	return repeat;
}

static int result_json(struct rows *rows)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	int status = CLI_DONE;
	yyjson_mut_doc_set_root(doc, object);
	json_text(doc, object, "file", span_text(rows->file));
	yyjson_mut_obj_add_bool(doc, object, "dry_run", rows->cli->dry_run);
	yyjson_mut_obj_add_uint(doc, object, "rows", file_rows(rows, rows->count));
	yyjson_mut_obj_add_uint(doc, object, "accepted",
	    rows->cli->dry_run ? 0 : file_rows(rows, rows->count) - refused_rows(rows));
	yyjson_mut_val *entries = yyjson_mut_arr(doc);
	yyjson_mut_obj_add_val(doc, object, "entries", entries);
	for (uint32_t i = 0; i * sizeof(struct rows_entry) < rows->entries.size; i++) {
		struct rows_entry entry = entry_at(rows, i);
		yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, entries);
		yyjson_mut_obj_add_uint(doc, item, "entry", entry.sequence);
		yyjson_mut_obj_add_uint(doc, item, "rows", file_rows(rows, entry.rows));
		yyjson_mut_obj_add_bool(doc, item, "repeat", entry.repeat);
	}
	refused_json(rows, doc, object);
	if (rows->kind->result)
		status = rows->kind->result(rows, doc, object);
	if (!status)
		return output_json(doc, true);
	yyjson_mut_doc_free(doc);
	return status;
}

int rows_tell_result(struct rows *rows)
{
	int status = CLI_DONE;
	if (rows->cli->json) {
		status = result_json(rows);
	} else if (rows->cli->dry_run) {
		output_text(stdout, span_text(rows->file));
		printf(": %" PRIu32
		       " row%s of the right form; dry run, nothing was booked 试运行\n",
		    rows->count, rows->count == 1 ? "" : "s");
	} else {
		tell_entries(rows);
		if (rows->kind->result)
			status = rows->kind->result(rows, NULL, NULL);
	}
	if (status)
		return status;
	if (refused_count(rows) == 0)
		return CLI_DONE;
	fflush(stdout);
	tell_refused(rows);
	if (!rows->again && repeated(rows))
		fputs(
		    "suiren: refused when it was booked; --again has the refused rows judged anew "
		    "重新核定请加 --again\n",
		    stderr);
	return CLI_NO;
}
