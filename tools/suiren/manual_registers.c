/* manual_registers.c: the longer help of the commands of the registers. */
#include <stddef.h>

#include "manual.h"

#define TABLE_TEXT                                                                               \
	"The table is CSV in UTF-8 or GB 18030; its first row names the columns, in any order, " \
	"in\n"                                                                                   \
	"English or Chinese. All that is wrong with it is told, and nothing booked then.\n"

#define IMPORT_OPTIONS                                         \
	"  -n, --dry-run       read and check, book nothing\n" \
	"  --officer-key FILE  sign as this officer in place of the node\n"

#define AGAIN_OPTION                                                                            \
	"  --again             rows that were refused before are judged anew: the file alone, " \
	"given\n"                                                                               \
	"                      twice, is a repeat\n"

#define IMPORT_JSON                                                                           \
	"JSON: file, dry_run, rows, accepted, entries [entry, rows, repeat], refused [line, " \
	"reason,\n"                                                                           \
	"reason_en, reason_zh, day]"

const struct manual_page manual_registers[] = {
    {"institution", "register",
	IMPORT_OPTIONS AGAIN_OPTION
	"\n"
	"Columns: uscc 社会信用代码, name 名称, kind 类型 (nonprofit 民办非企业, company 企业,\n"
	"public 公办), district 区划, beds 床位; optional: star 星级, account 账号, bank 开户行,\n"
	"public_key 公钥 (64 hex digits: without it only an officer can enter its "
	"claims).\n" TABLE_TEXT IMPORT_JSON ".\n"},
    {"institution", "update",
	IMPORT_OPTIONS
	"\n"
	"The columns of `institution register` but for public_key; every row tells the whole of "
	"what is\n"
	"to stand: name, kind, district, beds, star, account, bank. What stands already is a "
	"repeat.\n" IMPORT_JSON ".\n"},
    {"institution", "list",
	"  --host CODE         only those that this city has registered\n"
	"\n"
	"JSON: [uscc, name, kind, host, district, beds, star, standing (good, suspended, "
	"blacklisted,\n"
	"redlisted), standing_from, grounds, registered_at_entry].\n"},
    {"institution", "show",
	"JSON: as `institution list`, and account, bank, barred_from, barred_until, public_key,\n"
	"key_from_entry.\n"},
    {"institution", "suspend",
	"  --from DAY          the first night that is not paid\n"
	"  --grounds TEXT      number of the decision\n"
	"\n"
	"Every city that this one knows is told. Nights before the day stand.\n" IMPORT_JSON ".\n"},
    {"institution", "key",
	"  --key HEX           the new public key, 64 hex digits\n"
	"\n"
	"In force from this entry on; a key that has ended is never taken up again.\n" IMPORT_JSON
	".\n"},
    {"person", "register",
	"  -o, --out OUT.csv   write id_number,person_code there (mode 0600), for whoever keeps "
	"files\n" IMPORT_OPTIONS "\n"
	"Columns: name 姓名, id_number 身份证号; optional: card 卡号, bank 开户行, income_class\n"
	"收入类别 (destitute 特困, minimum 低保, low 低收入, other 其他), flags 标志 (disabled "
	"残疾,\n"
	"severely_disabled 重度残疾, family_planning 计划生育特殊家庭; several with ';' "
	"between).\n" TABLE_TEXT "Names, ID numbers and cards are kept in the encrypted registry, "
	"not in the log; without -o\n"
	"the terminal shows lines and codes only. The same file again gives the same "
	"codes;\nwhoever was forgotten in between comes as a new person.\n" IMPORT_JSON
	", persons [line, person_code].\n"},
    {"person", "show",
	"  --reveal            the name and the numbers whole\n"
	"\n"
	"JSON: person_code, foreign, erased, name, id_number, card, bank, birth_day, death_day,\n"
	"income_class, flags, facts_entry, levels [entry, from, until, level, assessor], grants "
	"[entry,\n"
	"from, until, programme, paid_to, region], filings [entry, from, until, host], stays "
	"[uscc,\n"
	"first_day, last_night, state].\n"},
    {"person", "change",
	IMPORT_OPTIONS "\n"
		       "Columns: person_code 人员编码; optional: death_day 死亡日期, income_class "
		       "收入类别, flags 标志.\n"
		       "An empty field leaves what is known, `none` 无 takes a death day or all "
		       "flags away.\n" TABLE_TEXT IMPORT_JSON ".\n"},
    {"person", "card",
	"  --card NUMBER       at most 34 digits, capital letters and '-'\n"
	"  --bank CNAPS        the bank's code of 12 digits\n"
	"  --officer-key FILE  sign as this officer in place of the node\n"
	"\n"
	"The card lies in the registry, outside the log; the entry states the person's facts once "
	"more.\n"
	"Payments that are ordered from now on, or not yet written, go there. JSON: entry, "
	"repeat.\n"},
    {"person", "erase",
	"  --officer-key FILE  sign as this officer in place of the node\n"
	"\n"
	"The registry's rows are destroyed in the same transaction: what the log holds of these\n"
	"persons stays sealed for ever, money that was booked stays booked. Hosts are "
	"told.\n" IMPORT_JSON ".\n"},
    {"assessment", "import",
	IMPORT_OPTIONS AGAIN_OPTION
	"\n"
	"Columns: person_code 人员编码, from 起始日, until 截止日, level 等级 (0 to 4) or score "
	"得分 (0\n"
	"to 90: decides the level, GB/T 42195); optional: assessor 评估地 (a region; this city), "
	"flags\n"
	"标志 (dementia 认知障碍, coma 昏迷, accidents 意外事件).\n" TABLE_TEXT IMPORT_JSON ".\n"},
    {"filing", "import",
	IMPORT_OPTIONS AGAIN_OPTION "\n"
				    "Columns: person_code 人员编码, host 居住地 (a region), from "
				    "起始日, consent 同意书哈希 (SHA-256 of\n"
				    "the signed consent, 64 hex digits); optional: until 截止日. "
				    "The same person, host and from\n"
				    "again changes until.\n" TABLE_TEXT IMPORT_JSON ".\n"},
    {"grant", "import",
	IMPORT_OPTIONS AGAIN_OPTION "\n"
				    "Columns: person_code 人员编码, programme 项目 (its code in "
				    "`suiren policy show`), from 起始日;\n"
				    "optional: until 截止日, paid_to 支付对象 (card 个人卡, "
				    "institution 机构; needed where the\n"
				    "catalogue leaves the choice), region 异地 (the one city "
				    "besides home where it may be drawn),\n"
				    "operation 操作 (give 发放, stop 停发: ends the grant of that "
				    "from with until).\n" TABLE_TEXT IMPORT_JSON ".\n"},
    {"grant", "show", "JSON: [programme, from, until, paid_to, region, entry].\n"},
    {"stay", "open",
	"  --institution USCC, --person CODE, --day DAY   one person, in place of a "
	"table\n" IMPORT_OPTIONS AGAIN_OPTION "\n"
	"Columns: uscc 社会信用代码, person_code 人员编码, day 日期. Nights of one person never "
	"overlap,\n"
	"in no city: of a person from elsewhere home decides, and the stay waits for its "
	"answer.\n" TABLE_TEXT IMPORT_JSON ".\n"},
    {"stay", "close",
	"  --institution USCC, --person CODE, --day DAY   one person, in place of a "
	"table\n" IMPORT_OPTIONS AGAIN_OPTION "\n"
	"Columns: uscc 社会信用代码, person_code 人员编码, day 日期. The last night is the one "
	"before.\n" TABLE_TEXT IMPORT_JSON ".\n"},
    {"stay", "transfer",
	"  --institution USCC, --to USCC, --person CODE, --day DAY   one person, in place of a "
	"table\n" IMPORT_OPTIONS AGAIN_OPTION "\n"
	"Columns: uscc 社会信用代码, person_code 人员编码, day 日期, to 转入机构. Closed at the "
	"one and\n"
	"opened at the other in one entry.\n" TABLE_TEXT IMPORT_JSON ".\n"},
    {"stay", "import",
	IMPORT_OPTIONS AGAIN_OPTION "\n"
				    "Columns: uscc 社会信用代码, person_code 人员编码, first_day "
				    "入住日; optional: operation 操作\n"
				    "(open 入住, close 退住), last_night 末夜 (inclusive). A stay "
				    "that is over is one row; an entry\n"
				    "does not close what it opened.\n" TABLE_TEXT IMPORT_JSON
				    ".\n"},
    {"stay", "list",
	"  --person CODE       stays of this person\n"
	"  --institution USCC  stays there\n"
	"\n"
	"JSON: [person_code, uscc, first_day, last_night, state (pending, accepted, refused), "
	"reason].\n"},
    {"fund", "appropriate",
	"  --fund F            into this fund of the catalogue\n"
	"  --float             from the treasury into the float 周转金\n"
	"  --amount YUAN       above 0, like 1234.56\n"
	"  --reference R       number of the document 文号: one is booked once\n"
	"  --officer-key FILE  sign as this officer in place of the node\n" AGAIN_OPTION
	"\n" IMPORT_JSON ".\n"},
    {"fund", "show",
	"JSON: funds [fund, name_zh, name_en, source, owner, account, in_fen, out_fen, held_fen,\n"
	"balance_fen], treasury and float [account, in_fen, out_fen, held_fen, balance_fen].\n"},
    {NULL, NULL, NULL},
};
