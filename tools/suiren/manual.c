#include "manual.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct manual_page pages[] = {
    {"init", NULL,
	"  --region CODE   the city's administrative code (GB/T 2260), six digits\n"
	"  --policy FILE   its catalogue of programmes; without it the one built into the "
	"program.\n"
	"                  With it also cities that are not built in can be made\n"
	"  --listen ADDR   tcp://host:port where other cities reach its daemon; stands in the "
	"signed\n"
	"                  descriptor. Without it that of node.yaml's defaults\n"
	"  --demo          a node for trying out: peers that are not demo nodes refuse it\n"
	"  --seed N        demo only: keys and salts come from N, so that two runs are alike\n"
	"  --now DAY       demo only: the time of the first entries\n"
	"\n"
	"DIR must not exist, or be empty. It then holds node.yaml, keys/ (mode 0600) and ledger/.\n"
	"keys/root.key signs the city's other keys: take it away to a place without a network.\n"
	"JSON: directory, region, demo, origin, entries, root.\n"},
    {"status", NULL,
	"JSON: region, name_zh, name_en, demo, origin, entries, root, last_entry_time,\n"
	"used_bytes, map_bytes, disk_bytes, windows_owing, windows_owing_fen, windows_owed,\n"
	"windows_owed_fen (those not agreed yet), disputes_owing, disputes_owing_fen,\n"
	"disputes_owed, disputes_owed_fen (open ones, by the own books),\n"
	"daemon [listen, started, clock, admin_requests]\n"
	"or null, peers [as `peer list`, and from the daemon: link [up, last_heard,\n"
	"round_trip_us, head_entries, head_age_ms,\n"
	"proof_awaited, handshakes, requests_served, requests_sent, documents_sent,\n"
	"documents_refused, failures; and if it does not get rid of what waits: stuck, error,\n"
	"message, retry_ms]].\n"},
    {"key", "new",
	"  KIND            institution or officer\n"
	"  -o, --out FILE  where the secret goes (mode 0600); nothing is overwritten\n"
	"\n"
	"Prints the public key, which the city registers: `institution register` (public_key) or\n"
	"`officer add --key`. The secret stays at the desk where it was made.\n"
	"JSON: kind, public_key, key_id.\n"},
    {"key", "rotate",
	"  --root-key FILE   the city's root key; without it DIR/keys/root.key, if it is still "
	"there\n"
	"  --listen ADDRESS  tcp://host:port where the others reach it from now on; change "
	"`listen`\n"
	"                    in node.yaml too\n"
	"\n"
	"Nothing stops: the daemon takes the new key at once and shows the descriptor to its "
	"peers;\n"
	"the key before (keys/link.key.old) still answers those that have not read it.\n"
	"JSON: as for every order.\n"},
    {"key", "show",
	"Says which secrets lie in DIR/keys; a root key that is still there is warned of.\n"
	"JSON: keys [kind, public_key, key_id, from_entry, secret_here], vkey.\n"},
    {"officer", "add",
	"  --key HEX       the officer's public key, 64 hex digits, made elsewhere\n"
	"  --out FILE      make a key here and write it to FILE (mode 0600), for the officer "
	"alone\n"
	"\n"
	"An officer signs what is entered by hand (--officer-key, --entered-by). Adding another "
	"key\n"
	"for the same name ends the old one.\n"
	"JSON: entry, repeat.\n"},
    {"officer", "list", "JSON: [name, public_key, key_id, from_entry, until_entry or null].\n"},
    {"peer", "add",
	"Each node directory gets the keys and the catalogue of every other, and takes the\n"
	"descriptors in the files; the cities of these take those of the directories on their own\n"
	"machines. What they write to each other then goes over their daemons' links, or with\n"
	"`suiren deliver`. Introducing again brings changes only.\n"
	"JSON: the regions introduced.\n"},
    {"peer", "export",
	"The descriptor names the city's address and keys and is signed by its root key. How it\n"
	"comes to the others must be beyond doubt: whoever swaps it is the city for them.\n"
	"JSON: file, region.\n"},
    {"peer", "list",
	"JSON: [region, name_zh, name_en, document_key, since_entry, policy_known, waiting,\n"
	"waiting_since (if any waits), frozen; frozen_entry, evidence (fork or rollback) if it "
	"is].\n"},
    {"peer", "show",
	"  --evidence FILE  write the evidence by which the city was frozen to FILE, for whoever\n"
	"                   shall judge it (`peer evidence` checks it)\n"
	"\n"
	"JSON: region, origin, address, descriptor, head [entries, root, entry, checkpoint] or\n"
	"null, frozen, evidence [kind, entry, hash, first, second] or null, and if they are:\n"
	"unfreeze_proposed_by, unfreeze_proposed_entry, unfrozen_entry.\n"},
    {"peer", "evidence",
	"  --vkey VKEY  the verifier key of the city's log, had from a source that is trusted\n"
	"\n"
	"Exit status 1: the file proves nothing.\n"
	"JSON: region, kind (fork or rollback), first_entries, second_entries.\n"},
    {"peer", "unfreeze",
	"  --officer NAME  who orders it, as registered by `officer add`\n"
	"  --key FILE      the officer's secret key\n"
	"\n"
	"The first officer proposes, a second one confirms with the same command; the orders\n"
	"name the evidence. What was seen of the city's log is forgotten then, and what it shows\n"
	"next is believed: make sure before that it has found out what happened.\n"
	"JSON: as for every order.\n"},
    {"deliver", NULL,
	"Documents are carried in a fixed order until no outbox holds any. A document that is "
	"refused\n"
	"counts as delivered: the refusal is an entry on both sides. Nodes whose daemons run send "
	"by\n"
	"themselves: then this waits until no outbox holds any.\n"
	"JSON: delivered, refused, acknowledgements.\n"},
    {"policy", "check",
	"Every error is one line: FILE:LINE: field: what is wrong. Exit status 1 if there is one.\n"
	"JSON: good, region, version, programmes, funds, hash, errors [file, line, field, "
	"text].\n"},
    {"policy", "show",
	"  --on DAY        programmes in force on this day\n"
	"  --region CODE   another city's catalogue, as its notice brought it\n"
	"\n"
	"Amounts that the sources do not give are marked illustrative.\n"
	"JSON: region, name_zh, name_en, version, on, hash, programmes [code, name_zh, name_en,\n"
	"document, clause, effective_from, effective_until, need, accrues, payer, paid_to, "
	"portable,\n"
	"regions, district, funds, price_ceiling_fen, quantity_cap_days, programme_cap_fen,\n"
	"person_month_cap_fen, amounts [age_from, age_to, level_from, level_to, amount_fen, "
	"clause,\n"
	"illustrative], illustrative].\n"},
    {"policy", "adopt",
	"Check the file with `suiren policy check` first. The catalogue is in force from its\n"
	"effective_from on; what was decided before stands. A version that is not above the "
	"present\n"
	"one is refused; the same file again is a repeat.\n"
	"JSON: as for every order.\n"},
    {"policy", "bundle",
	"Hand the file to the institutions: `suiren claim sign --policy FILE` splits a claim file "
	"by\n"
	"payer with it, without a node. Without -o it goes to standard output.\n"},
    {"claim", "sign",
	"Columns: institution 社会信用代码, person_code 人员编码, programme 项目, first_day "
	"起始日,\n"
	"last_day 截止日 (inclusive, of one month); optional: amount 金额 (yuan asked for; left "
	"out: "
	"what\n"
	"the policy gives), evidence 凭证 (hex), pieces 次数 (meals, visits or hours of the one "
	"day; "
	"left out:\n"
	"one). A file is one institution's. Signing it again gives the same sheets.\n"},
    {"claim", "check",
	"What would be decided now, and why: the reason with its clause, or the amount with its\n"
	"arithmetic, and what the city knows of the person. Only the payer's city can tell. Exit "
	"status\n"
	"1 if a line is refused.\n"
	"JSON: of each line line, person_code, programme, first_day, last_day, verdict, and if "
	"approved\n"
	"amount_fen, pieces [programme_row, band, last_day, monthly_fen, level_entry, document, "
	"clause,\n"
	"illustrative], reductions [reason, before_fen, after_fen, limit, used]; if refused day "
	"or\n"
	"fact_entry, document, clause; policy_entry.\n"},
    {"claim", "show",
	"Facts about a person stand there by the entry that brought them. Without NUMBER the "
	"booked\n"
	"sheets.\n"
	"JSON of sheets: institution, number, month, payer, lines, entry, answer_entry, state; of "
	"lines as\n"
	"`claim check`, and reversed_entry where a line was taken back since; appeal, as `claim "
	"appeals`\n"
	"tells it, with second_look [as a line], where it was appealed.\n"},
    {"claim", "appeal",
	"  --grounds CODE  assessment, grant, filing, stay, person, standing, funds, rules, other: "
	"where\n"
	"                  the payer shall look; it decides nothing\n"
	"  --paper FILE    what the house has signed. The city keeps it; only its SHA-256 is "
	"booked "
	"and\n"
	"                  sent: what is said of a person there does not leave home\n"
	"\n"
	"Within 60 days after the verdict was booked here, once a line; not what was approved in "
	"full, is\n"
	"held, or was taken back. The same again is a repeat.\n"
	"JSON: as for every order.\n"},
    {"claim", "review",
	"  --uphold CODE   let the verdict stand without running the rules: withdrawn, "
	"no_evidence,\n"
	"                  not_eligible, wrong_line\n"
	"\n"
	"The day of the claim is kept. What comes out beyond what the line had is owed anew, in "
	"the "
	"window\n"
	"that is open now; the first verdict is not edited, and what it gave too much is taken "
	"back "
	"by\n"
	"`claim reverse`. A second look is final.\n"
	"JSON: as for every order.\n"},
    {"claim", "appeals",
	"  --open          only those that wait for a second look\n"
	"\n"
	"States: open; upheld (the first verdict stands); changed (the second look has given "
	"more); "
	"refused\n"
	"(at the host: the payer has not taken the document; appeal again when the cause is "
	"mended).\n"
	"JSON: [institution, number, line, city (the other one), grounds, day, state, entry, "
	"review_entry\n"
	"(0: none), payers_review_entry, paper or null].\n"},
    {"window", "list",
	"  --window LABEL  only the windows cut then: 2026-10-31; 2026-10-31-2 for the second cut "
	"of that\n"
	"                  day; open\n"
	"  --month YYYY-MM only windows whose day (the last whole one before the cut) is in this "
	"month\n"
	"  --peer CODE     only those between this node and CODE\n"
	"\n"
	"States: open; cut (stated by the payer, not yet agreed); agreed; differs (the creditor's "
	"copy\n"
	"is not what the payer states) and asked (it has told the payer in what): what they hold "
	"alike\n"
	"is agreed then, and what they do not is left out (`suiren dispute list`).\n"
	"JSON: [payer, creditor, number, window or null, day or null, state, lines, approved_fen,\n"
	"reversed_fen, amount_fen, digest, statement, cut_entry, agreement, agreed_entry, stated "
	"[the\n"
	"payer's figures, where they differ], left_out, round, agreed [the figures without what "
	"was "
	"left\n"
	"out, if anything was], clearing (the month that took it) or null].\n"},
    {"window", "show",
	"  --window LABEL  as for `window list`; without it the open windows\n"
	"  --peer CODE     only those between this node and CODE\n"
	"\n"
	"JSON: as `window list`, with obligations [epoch, entry, line, amount_fen, line_hash]; "
	"entry and\n"
	"line are of the payer's log; and disputes, as `dispute list`.\n"},
    {"window", "statement",
	"  --month YYYY-MM  the statement of a month\n"
	"  --year YYYY      the year-end statement over its twelve months\n"
	"  --peer CODE      only with this city\n"
	"\n"
	"What was agreed by the windows whose day is in the period, what clearings have taken, "
	"what is\n"
	"owed at the beginning and the end; of each month its clearing and whether it was paid; "
	"disputes\n"
	"carried over; which months are not settled. It is the same at both cities when nothing is "
	"under\n"
	"way between them: then the digests are equal. If not, those of the months tell where to "
	"look.\n"
	"States of months: nothing, settled, unpaid, uncleared, unagreed (the worst that holds). "
	"What is\n"
	"not agreed, and the reserve and the float as they stand now, are not in the digest.\n"
	"JSON: from, to, city, entries, float_fen, statements [low, high, digest, settled, "
	"directions\n"
	"[payer, creditor, windows, lines, opening_fen, approved_fen, reversed_fen, cleared_fen,\n"
	"closing_fen], payments [payer, creditor, before_fen, pays_fen, paid_fen, open_fen], "
	"carried_over\n"
	"[payer, creditor, disputes, payers_fen, creditors_fen], not_settled [month], months "
	"[month,\n"
	"state, digest, directions [..., agreements (as `taken` of `clearing sheet`, and "
	"clearing)],\n"
	"clearing [document, model, state, low_owes_fen, high_owes_fen, low_pays_fen, "
	"high_pays_fen,\n"
	"low_paid, high_paid, low_drawn, high_drawn, due_day] or null], unagreed (as `window "
	"list`),\n"
	"disputes (as `dispute list`), lodged_fen, held_fen, advanced_fen].\n"},
    {"window", "cut",
	"  --window DAY        refuse unless today is this day, whose label the windows will have\n"
	"  --officer-key FILE  sign as this officer in place of the node\n"
	"\n"
	"Every city that is owed something since the last cut gets a signed statement. Nothing "
	"owed is\n"
	"nothing to cut, and done. JSON: the windows cut, as `window list`.\n"},
    {"dispute", "list",
	"  --peer CODE  only those with this city\n"
	"  --open       only those that have not ended\n"
	"\n"
	"States: named (the payer has offered to leave it out), open, ended. Both cities show the "
	"same;\n"
	"that our signature was shown is told where it was: at the payer.\n"
	"JSON: an array of {payer, creditor, window, epoch, entry, line, state, payers "
	"{amount_fen,\n"
	"line_hash} or null, creditors likewise, left_out_entry, shown_entry, ended {ended_entry,\n"
	"amount_fen, and of the new obligation window, epoch, entry, line} or null}.\n"},
    {"dispute", "end",
	"  --for-host          with what the creditor holds; where it has nothing, with what it\n"
	"                      would get\n"
	"  --against-host      with nothing: the funds get back what this city had set aside; of "
	"a\n"
	"                      reversal, with what is to be given back\n"
	"  --amount YUAN       with this: between nothing and what the two cities hold\n"
	"  --grounds TEXT      why; goes to the other city\n"
	"  --peer CODE, --window N  which one, if the id alone does not tell\n"
	"  --fund CODE         the fund that gets back, or pays more; without it those of the "
	"line\n"
	"  --officer-key FILE  sign as this officer in place of the node\n"
	"\n"
	"ID is EPOCH/ENTRY/LINE as `dispute list` prints it. What it is ended with is owed anew, "
	"in "
	"the\n"
	"window that is open now. Only the city that owes it ends it.\n"},
    {"clearing", "list",
	"  --month YYYY-MM  only this month\n"
	"  --peer CODE      only with this city\n"
	"\n"
	"Of two cities `low` is the one with the lower code; it proposes. States: proposed; netted "
	"(signed\n"
	"by both, booked, to be paid); settled; refused.\n"
	"JSON: [month, low, high, state, model (net, gross), low_windows, high_windows, "
	"low_owes_fen,\n"
	"high_owes_fen, payments [payer, creditor, amount_fen, received], proposed_day, due_day,\n"
	"proposed_entry, booked_entry or null, proposal, document or null].\n"},
    {"clearing", "show",
	"  --month YYYY-MM  only this month\n"
	"  --peer CODE      only with this city\n"
	"\n"
	"JSON: as `clearing list`, with windows as `window list`.\n"},
    {"clearing", "sheet",
	"  --month YYYY-MM  the month of the clearing\n"
	"  --peer CODE      only the sheet with this city\n"
	"  --bank           only the bank's\n"
	"  --format csv     rows for a spreadsheet: the pairs', or with --bank the bank's\n"
	"\n"
	"A pair's sheet: what each owes by which agreement, how that is netted, the payments with "
	"what\n"
	"the bank has said, and what is not in it: not agreed, agreed too late, disputed. What "
	"both "
	"have\n"
	"signed (directions, document) is the same at both cities. The bank's sheet: each payment "
	"of the\n"
	"clearing and of the guests' money that it has brought, and every file of the month (runs "
	"by their\n"
	"month, all else by the day of its order) with MsgId and control sum.\n"
	"JSON: month, city, entries, sheets [month, low, high, model, state, proposed_day, "
	"due_day,\n"
	"proposal, document or null, directions [payer, creditor, windows, lines, approved_fen,\n"
	"reversed_fen, amount_fen, pays_fen, received, drawn, taken [window, number, day, lines,\n"
	"approved_fen, reversed_fen, amount_fen, left_out, digest, statement, agreement]], "
	"difference_fen,\n"
	"payments [payer, creditor, end_to_end_id, attempt, amount_fen, state (to_come, or as "
	"`payment\n"
	"list`), day, bank_reference, bank_day, told_reference, told_day (by the other city)], "
	"waiting (as\n"
	"`window list`), disputes (as `dispute list`)],\n"
	"bank [month, payer, account, bank, payments [kind, name, payee, payee_name, account, "
	"bank,\n"
	"attempt, amount_fen, end_to_end_id, state, day, entry, bank_reference, bank_day], "
	"to_be_ordered\n"
	"[... due_day; of a run and of guests' money kind, name, amount_fen], to_be_ordered_fen, "
	"files\n"
	"[kind, name, part, message_id, entry, day, payments, control_sum_fen, ordered_fen, "
	"booked_fen,\n"
	"rejected_fen, returned_fen], and the sums of files: clearing, guests, total].\n"},
    {"clearing", "run",
	"  --month YYYY-MM     the month; without it the last one that can be cleared today\n"
	"  --peer CODE         only with this city\n"
	"  --officer-key FILE  sign as this officer in place of the node\n"
	"\n"
	"A month can be cleared after the 20th of the next one, once between two cities. It takes "
	"every\n"
	"agreed window of that month or earlier that no clearing has taken. What is cleared "
	"before, or\n"
	"comes to nothing, or is the other city's to propose, is said and done.\n"
	"JSON: month, peers [peer, outcome (proposed, nothing_to_clear, already, peer_proposes), "
	"entry,\n"
	"clearing as in `clearing list`].\n"},
    {"prefund", "list",
	"  --peer CODE  only of this city\n"
	"\n"
	"Of each other city: what is lodged with it, what may be owed to it unpaid because of "
	"that, what\n"
	"is, and the lines that wait for it; and what is held here for it. Without a factor in "
	"the\n"
	"policy nothing is bounded (limit null).\n"
	"JSON: [city, lodged_fen, limit_fen, unpaid_fen, held_fen, waiting [entry, line, "
	"amount_fen],\n"
	"waiting_for_us [the same, of lines that the other city holds]].\n"},
    {"prefund", "lodge",
	"  --host CODE         the city to lodge it with\n"
	"  --amount YUAN       how much\n"
	"  --name NAME         what this reserve is called, at most 24 characters: under one name "
	"a\n"
	"                      host is paid once\n"
	"  --officer-key FILE  sign as this officer in place of the node\n"
	"\n"
	"Orders it from the bank; `payment export --prefund NAME` writes the file. When the bank "
	"has\n"
	"booked it the host is told, and lines that were held are decided again by themselves.\n"},
    {"prefund", "draw",
	"  --month YYYY-MM     the clearing\n"
	"  --home CODE         the city that has not paid it by the due day\n"
	"  --officer-key FILE  sign as this officer in place of the node\n"
	"\n"
	"The whole payment or nothing; the other city is told by a signed document. A payment "
	"that\n"
	"comes later fills the reserve again. If the other city refuses the draw, because its "
	"books\n"
	"do not bear it, the draw is taken back by the entry that logs the refusal.\n"},
    {"payment", "export",
	"WHAT is one of:\n"
	"  --clearing YYYY-MM     what this city owes the others for a cleared month\n"
	"  --run NAME             an allowance run, to the persons' cards\n"
	"  --institutions BATCH   all that is due to the city's institutions for its own persons; "
	"BATCH\n"
	"                         names this batch: within one, an institution is paid once\n"
	"  --guests YYYY-MM       guests' money that the settled clearing with --peer CODE has "
	"brought\n"
	"  --advance BATCH        guests' money at once, out of the float 周转金, if the policy "
	"says so\n"
	"  --again ID             a payment that came back, once more; ID is its EndToEndId\n"
	"  --prefund NAME         a reserve 预付金 that `prefund lodge` has ordered\n"
	"  --suspense NAME        what is in that suspense account 挂账, to --to PAYEE: a region "
	"code,\n"
	"                         a credit code or a person's code\n"
	"  -o, --out FILE         in place of DIR/bank/out; a second part goes to FILE-2\n"
	"  -n, --dry-run          say what would be ordered\n"
	"  --officer-key FILE     sign the order as this officer in place of the node\n"
	"\n"
	"Orders what is due and not ordered yet, holds the amounts until the bank's word, and "
	"writes\n"
	"every order of this kind and name as a pain.001 of at most 1,000 payments: the same "
	"bytes,\n"
	"however often; a file that stands there is never replaced. What the bank rejected is due\n"
	"again. Nothing is ordered while a person of the run has no card; institutions without an\n"
	"account are passed over and named (exit status 1). The files name persons and accounts.\n"
	"JSON: kind, name, dry_run, ordered, ordered_fen, entries, files [file, part, message_id,\n"
	"payments, amount_fen, entry, outcome (written, unchanged, answered)], without_account "
	"[payee,\n"
	"owed_fen].\n"},
    {"payment", "import",
	"  -n, --dry-run       say what the files would come to\n"
	"  --officer-key FILE  sign as this officer in place of the node\n"
	"\n"
	"camt.054: booked, returned after booking, come in from another city; pain.002: rejected. "
	"All\n"
	"files are read before anything is booked. What the books say already changes nothing. "
	"What\n"
	"matches no payment is logged once and listed (exit status 1); it stays in `payment "
	"unmatched`\n"
	"until what it belongs to is here, and is booked then by itself. The other city of a "
	"clearing "
	"is\n"
	"told what was paid and received.\n"
	"JSON: dry_run, files [file, message, facts, booked, rejected, returned, received, "
	"said_before,\n"
	"not_matched [fact, end_to_end_id, amount_fen, day, reference, code, why], changed, "
	"first_entry,\n"
	"last_entry].\n"},
    {"payment", "list",
	"  --kind KIND    clearing, run, institution, guests, advance, again, prefund\n"
	"  --name NAME    month, run or batch\n"
	"  --state STATE  ordered, booked, rejected, returned, received\n"
	"\n"
	"JSON: [end_to_end_id, kind, name, payer, payee, attempt, amount_fen, state, day, entry,\n"
	"bank_entry or null].\n"},
    {"payment", "unmatched",
	"A wrong reference, another amount, a credit that has overtaken what it pays. Each stays "
	"until\n"
	"the same fact matches: the node offers it to the books again by itself whenever a "
	"clearing,\n"
	"an order or a notice of a reserve has come; or until an officer says what it was "
	"(`payment\n"
	"settle`). What contradicts what the bank has said before stands here too. What the bank "
	"gave\n"
	"no EndToEndId of 1 to 30 characters has one made of its reference, with a '?' in front.\n"
	"Exit status 1 if there is any.\n"
	"JSON: [entry, fact, end_to_end_id, amount_fen, day, reference, why (unmatched,\n"
	"other_amount, contradicts)].\n"},
    {"payment", "settle",
	"ID is the EndToEndId that `payment unmatched` shows. WHAT is one of:\n"
	"  --explained duplicate  told twice, booked once; or corrected: the bank has taken it "
	"back\n"
	"                         itself; or not-ours: no money of this city was moved. Nothing "
	"is\n"
	"                         booked\n"
	"  --suspense NAME        money was moved, and whose it is remains to be seen: it is in\n"
	"                         suspense/NAME 挂账. Lines under one name add up\n"
	"  --payment ID           it is the bank's word on that payment, under a wrong reference "
	"or "
	"with\n"
	"                         another amount; what was moved beyond its amount is in "
	"suspense/ID\n"
	"and, if several lines bear ID:\n"
	"  --fact FACT, --amount YUAN, --reference TEXT   which\n"
	"\n"
	"  --grounds TEXT         why, 1 to 128 bytes; it is in the log\n"
	"  --officer-key FILE     the officer who answers for it\n"
	"\n"
	"What is in suspense is paid to its owner by `payment export --suspense`.\n"
	"JSON: as for every order.\n"},
    {"payment", "show",
	"JSON: as `payment list`, and message_id, part: the file it was sent in; bank_reference, "
	"bank_day:\nthe bank's last word on it.\n"},
    {"bank", NULL,
	"  --until DAY    the bank works up to this day\n"
	"\n"
	"Demo nodes only. The orders in DIR/bank/out are booked on their day; of payments to "
	"persons a\n"
	"few are rejected and a few returned on the day after. The answers lie in DIR/bank/in, "
	"for\n"
	"`suiren payment import`; what a city receives lies in its own DIR/bank/in if it is named "
	"here,\n"
	"else in the payer's DIR/bank/for/CODE. Playing twice writes the same.\n"
	"JSON: until, orders, waiting, files [file, facts, written].\n"},
    {"sample", NULL,
	"  --out DIR        must not exist\n"
	"  --residents N    5,000 if it is not given; also --months N, --seed N, as for `suiren "
	"demo`\n"
	"\n"
	"DIR/files are the tables in the order of the story, DIR/keys the keys of institutions "
	"and\n"
	"officers (made up: the seed gives them away), DIR/month.sh the whole month in commands: "
	"`sh\n"
	"DIR/month.sh NODES` makes the four nodes in DIR/NODES and books everything, and comes to "
	"the\n"
	"balances of `suiren demo` with the same --seed and --residents.\n"},
    {"balance", NULL,
	"  --at SEQ        after entry SEQ\n"
	"  --on DAY        at the end of a day, Beijing time\n"
	"\n"
	"The balance is that of the account's normal side; pending amounts are shown beside it.\n"
	"JSON: [account, unit, debits, credits, pending_debits, pending_credits] in fen or "
	"minutes.\n"},
    {"account", "show",
	"  --from SEQ      postings from this entry on\n"
	"  --limit N       at most N postings\n"
	"\n"
	"JSON: account, unit, normal_side, may_go_negative, frozen, closed, opened_at, balance,\n"
	"postings [entry, index, time, entry_kind, transfer_kind, side, amount, debits, credits,\n"
	"pending_debits, pending_credits]; the last four as they stood after the posting.\n"},
    {"account", "find",
	"JSON: [entry, index, time, transfer_kind, unit, amount, debit, credit].\n"},
    {"account", "freeze", "  --officer-key FILE   signed by this officer instead of by the node\n"},
    {"account", "unfreeze",
	"  --officer-key FILE   signed by this officer instead of by the node\n"},
    {"account", "close",
	"  --officer-key FILE   signed by this officer instead of by the node\n"
	"\n"
	"Balance and pending amounts must be 0. There is no way back: open a new account.\n"},
    {"export", NULL,
	"  --format hledger   a journal; `hledger -f -` re-adds it to the balances of `suiren "
	"balance`\n"
	"  --format csv       one row a transfer, UTF-8, RFC 4180\n"
	"  --format jsonl     one JSON object a transfer\n"
	"  --from, --to DAY   entries of these days only, both inclusive, Beijing time\n"
	"\n"
	"hledger: debits are positive; '/' in account names becomes ':'; pending transfers and "
	"their\n"
	"release are comments. csv and jsonl: entry, index, time, entry_kind, transfer_kind "
	"(plain,\n"
	"pending, post, void, expire), unit (CNY, MIN), amount (fen, minutes), debit, credit, id,\n"
	"pending_id, deadline, reference. No names, ID numbers or cards are in the books.\n"},
    {"verify", NULL,
	"  --peer-checkpoint FILE   a checkpoint of this log that a peer has kept: the log must "
	"still\n"
	"                           hold what it held then\n"
	"  --replay                 rebuild every table from the log and compare, and run every "
	"rule\n"
	"                           again: the same verdicts must come out\n"
	"\n"
	"Every finding names the entry, or the table and key. Exit status 1 if there is one. "
	"Works\n"
	"beside a running writer.\n"
	"JSON: verified, entries, lines, documents, transfers, accounts, finding_count, findings\n"
	"[entry, table, key, text] and, with --replay, replay [entries, lines, rerun, erased, "
	"no_key,\n"
	"tables, rows, complete].\n"},
    {"log", "head",
	"The text is a C2SP signed note: a tlog-checkpoint. JSON: origin, size, root, "
	"checkpoint.\n"},
    {"log", "vkey", "JSON: vkey, public_key.\n"},
    {"log", "entry",
	"Lines, verdicts and payloads are shown as they are stored (CBOR in diagnostic notation; "
	"byte\n"
	"strings are hex in JSON); docs/format.md tells what stands where in which kind.\n"
	"JSON: sequence, epoch, time, kind, kind_number, salt, results_root, transfers_hash,\n"
	"documents [name, hash, size, key_id, verified, signer, payload], lines [line, verdict],\n"
	"transfers [id, kind, unit, amount, debit, credit, pending_id, deadline, reference].\n"},
    {"log", "leaves",
	"The Merkle leaf hash of a line is SHA-256 of 00 and the bytes (RFC 6962).\n"},
    {"proof", "inclusion",
	"JSON, always: leaf_hash, hashes [the sibling of the leaf first], root: RFC 9162, "
	"2.1.3.\n"},
    {"proof", "consistency",
	"JSON, always: leaf_hash (null), hashes, root (of N entries): RFC 9162, 2.1.4.\n"},
    {"receipt", "make",
	"The receipt holds the line, its verdict, the paths to the signed checkpoint and, if the "
	"line\n"
	"came on an institution's sheet, the sheet's signed header; nothing of other lines.\n"},
    {"receipt", "verify",
	"  --vkey VKEY            as `suiren log vkey` prints it, or a file that holds it\n"
	"  --institution-key HEX  check the institution's signature on the sheet too\n"
	"\n"
	"Without --institution-key the receipt still proves that the city's log binds this very "
	"sheet,\n"
	"whose signature the city checked when it booked it.\n"
	"JSON: verified, origin, entry, line_index, checkpoint_size, time, kind, line, verdict,\n"
	"institution_signature (verified, not_checked, none), institution, sheet, month,\n"
	"institution_key_id.\n"},
};

static bool is_page(const struct manual_page *page, const char *noun, const char *verb)
{
	bool same_verb = page->verb && verb ? strcmp(page->verb, verb) == 0 : !page->verb && !verb;
	return strcmp(page->noun, noun) == 0 && same_verb;
}

const char *manual_text(const char *noun, const char *verb)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (is_page(&pages[i], noun, verb))
			return pages[i].text;
	for (const struct manual_page *page = manual_registers; page->noun; page++)
		if (is_page(page, noun, verb))
			return page->text;
	return NULL;
}
