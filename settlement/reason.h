/* reason.h: why a line was refused or reduced. Refusals come first, in this order, and the first that applies is the
 * verdict; then reductions, all listed, in this order. Numbers stand in verdicts and are never reused. docs/settlement.md,
 * "Adjudication". */
#ifndef SUIREN_REASON_H
#define SUIREN_REASON_H

#include <stdbool.h>

/* number, name, English, Chinese */
#define REASON_LIST(X)                                                                     \
	X(0, approved, "approved", "核准")                                                 \
	X(1, unknown_person, "unknown person", "查无此人")                                 \
	X(2, unknown_institution, "unknown institution", "机构未登记")                     \
	X(3, suspended, "institution suspended or black-listed", "机构被暂停或列入黑名单") \
	X(4, signature, "signature does not verify", "签名无效")                           \
	X(5, wrong_payer, "another city pays", "支付方有误")                               \
	X(6, not_in_force, "programme not in force", "项目未生效")                         \
	X(7, too_late, "claimed too late", "逾期申报")                                     \
	X(8, duplicate, "days claimed before", "重复申报")                                 \
	X(9, not_filed, "not filed, or no consent", "未备案或未同意")                      \
	X(10, no_stay, "no accepted stay for the night", "无入住记录")                     \
	X(11, no_grant, "no grant for the period", "无待遇认定")                           \
	X(12, not_portable, "not portable to this region", "不可异地享受")                 \
	X(13, no_assessment, "assessment missing or expired", "无有效能力评估")            \
	X(14, level, "ability level not covered", "能力等级不符")                          \
	X(15, age, "age not covered", "年龄不符")                                          \
	X(16, income_class, "income class not covered", "收入类别不符")                    \
	X(17, excluded, "excluded by another programme", "与其他项目重复")                 \
	X(18, overlap, "overlaps another stay", "入住时间重叠")                            \
	X(19, after_death, "after the date of death", "死亡日期之后")                      \
	X(20, unfit, "not as this programme is claimed", "申报方式与项目不符")             \
	X(32, price_ceiling, "price ceiling", "超过价格上限")                              \
	X(33, capacity, "capacity of licensed beds", "超过核定床位")                       \
	X(34, quantity_cap, "quantity cap", "超过数量上限")                                \
	X(35, programme_cap, "programme cap", "超过项目限额")                              \
	X(36, person_month_cap, "person-month cap", "超过个人月限额")                      \
	X(37, fund_exhausted, "fund exhausted", "资金不足")                                \
	X(38, approved_before, "approved before", "原已核准")                              \
	X(39, day_cap, "cap of a day", "超过每日限量")                                     \
	X(40, year_cap, "cap of a year", "超过年度限量")                                   \
	X(41, co_payment, "co-payment", "个人自付部分")                                    \
	X(48, needs_review, "needs review", "待复核")                                      \
	X(49, held_prefund, "held: prefund", "预付金不足暂挂")                             \
	X(50, upheld, "upheld on second look", "复核维持")                                 \
	X(64, pending_home, "waiting for the person's home city", "待户籍地确认")          \
	X(65, registered, "registered", "已登记")                                          \
	X(66, reversed, "reversed", "冲正")                                                \
	X(67, erased, "facts erased", "信息已删除")                                        \
	/* windows and clearings between cities */                                         \
	X(80, cut, "cut", "已截止")                                                        \
	X(81, agreed, "agreed", "一致")                                                    \
	X(82, differs, "differs", "不一致")                                                \
	X(83, proposed, "proposed", "已提出")                                              \
	X(84, cleared, "cleared", "已清算")                                                \
	X(85, missing, "missing at the creditor", "收款方缺失")                            \
	X(86, sent_again, "sent again", "已重发")                                          \
	X(87, left_out, "left out, in dispute", "剔除待议")                                \
	X(88, dispute_ended, "dispute ended", "争议了结")                                  \
	/* payments and what the bank says of them */                                      \
	X(90, ordered, "ordered", "已发出付款指令")                                        \
	X(91, booked, "booked by the bank", "银行已记账")                                  \
	X(92, rejected, "rejected by the bank", "银行拒付")                                \
	X(93, returned, "returned by the bank", "退汇")                                    \
	X(94, received, "received", "已到账")                                              \
	X(95, unmatched, "matches no payment", "无对应付款")                               \
	X(96, other_amount, "another amount than was ordered", "金额不符")                 \
	X(97, said_before, "said before", "重复通知")                                      \
	X(98, drawn, "drawn from the reserve", "动用预付金")                               \
	/* trust between cities */                                                         \
	X(100, head_seen, "head seen", "已见账本头")                                       \
	X(101, frozen, "frozen", "已冻结")                                                 \
	X(102, unfrozen, "unfrozen", "已解冻")                                             \
	/* payments, continued */                                                          \
	X(110, undrawn, "draw taken back", "动用撤销")                                     \
	X(111, contradicts, "contradicts what the bank has said", "与银行先前所述矛盾")    \
	X(112, explained, "explained by an officer", "经办人核销")                         \
	X(113, suspense, "held in suspense", "挂账")

enum reason {
#define REASON_AS_ENUM(number, name, english, chinese) REASON_##name = number,
	REASON_LIST(REASON_AS_ENUM)
#undef REASON_AS_ENUM
};

#define REASON_REFUSAL_FIRST 1
#define REASON_REFUSAL_LAST 31
#define REASON_REDUCTION_FIRST 32
#define REASON_REDUCTION_LAST 47

/* Where a reduction stands among those of a line, from 1 on: they come in the order in which they are made, which is not that of their numbers. 0:
 * it is none. */
unsigned reason_reduction_place(unsigned reason);
/* Are the limit and what was used of it days or pieces, and not fen? (Of a co-payment the limit is the share in hundredths.) */
bool reason_counts(unsigned reason);
/* snake_case name; NULL for an unknown number. */
const char *reason_name(unsigned reason);
const char *reason_english(unsigned reason);
const char *reason_chinese(unsigned reason);

#endif
