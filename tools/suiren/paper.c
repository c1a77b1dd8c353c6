#include "paper.h"

#include <inttypes.h>

#define HEAD_WIDTH 24

void paper_city(const struct node_config *config, uint32_t region)
{
	const char *chinese = NULL, *english = NULL;
	if (region == config->region) {
		chinese = config->name_zh;
		english = config->name_en;
	}
	for (size_t i = 0; i < config->peer_count && !chinese; i++) {
		if (config->peers[i].region != region)
			continue;
		chinese = config->peers[i].name_zh;
		english = config->peers[i].name_en;
	}
	printf("%06u", region);
	if (!chinese)
		return;
	putchar(' ');
	output_text(stdout, span_text(chinese));
	putchar(' ');
	output_text(stdout, span_text(english));
}

void paper_label(const char *label)
{
	output_cell(stdout, label, HEAD_WIDTH);
}

void paper_hash(const char *label, const struct hash *hash)
{
	paper_label(label);
	output_hex(stdout, hash_span(hash));
	putchar('\n');
}

void paper_title(const char *text)
{
	printf("%s\n", text);
	for (size_t i = output_width(span_text(text)); i > 0; i--)
		putchar('=');
	putchar('\n');
}

void paper_section(const char *text)
{
	printf("\n%s\n", text);
}

void paper_right(const char *text, size_t width)
{
	fputs("  ", stdout);
	output_cell_right(stdout, text, width);
}

void paper_left(const char *text, size_t width)
{
	fputs("  ", stdout);
	output_cell(stdout, text, width);
}

void paper_amount(int64_t fen)
{
	char text[AMOUNT_TEXT_SIZE];
	output_amount(UNIT_CNY, fen, text);
	paper_right(text, PAPER_AMOUNT_WIDTH);
}

void paper_state(const char *chinese, const char *english)
{
	char text[64];
	snprintf(text, sizeof(text), "%s %s", chinese, english);
	paper_left(text, PAPER_STATE_WIDTH);
}

static void sign_here(const struct node_config *config, const char *party, uint32_t region)
{
	printf("  %s ", party);
	paper_city(config, region);
	puts("\n    经办 prepared ____________  复核 checked ____________  盖章 seal ____________  "
	     "日期 date ____________");
}

void paper_signatures(const struct node_config *config, uint32_t low, uint32_t high)
{
	sign_here(config, "甲方 low ", low);
	sign_here(config, "乙方 high", high);
}

void csv_first(const char *text)
{
	output_csv(stdout, span_text(text));
}

void csv_text(const char *text)
{
	putchar(',');
	output_csv(stdout, span_text(text));
}

void csv_code(uint32_t region)
{
	putchar(',');
	if (region)
		printf("%06u", region);
}

void csv_number(uint64_t number)
{
	printf(",%" PRIu64, number);
}

void csv_yuan(int64_t fen)
{
	char text[AMOUNT_TEXT_SIZE];
	yuan_write((struct amount){fen}, text);
	csv_text(text);
}

void csv_hash(const struct hash *hash)
{
	putchar(',');
	output_hex(stdout, hash_span(hash));
}

void csv_empty(unsigned fields)
{
	while (fields-- > 0)
		putchar(',');
}

void csv_end(void)
{
	fputs("\r\n", stdout);
}
