/* cities.pml: window and clearing between two cities, A (the lower region code) and B, over links that lose, double,
 * reorder and delay what they carry, and crashes of either city at every step. What stands for what in the program, what
 * is left out, how it is run: README.md. Each rule that is left out by an #ifdef must make Spin find a fault.
 *
 * An entry is one atomic step here, as it is one transaction in the program. All of `city_state` is durable but `offered`.
 * Documents are numbered from 1; on a wire is only a number, since a document never changes once it is logged. */

/* --- size --- */

#ifndef FAULTS
#define FAULTS 1 /* losses, doublings, early time-outs and crashes, in any mixture */
#endif
#ifndef BANK_FAULTS
#define BANK_FAULTS 1 /* rejections and returns */
#endif
#ifndef DISPUTES
#define DISPUTES 1 /* approvals that the creditor does not take at first */
#endif
#ifndef REFUSALS
#define REFUSALS 1 /* proposals that B refuses for reasons of its own */
#endif
#ifndef APPROVALS_B
#define APPROVALS_B 1
#endif
#ifndef MONTHS
#define MONTHS 2 /* 0: windows only */
#endif
#define APPROVALS_A 2
#define WINDOWS 2 /* in each direction */
#define BATCH 2   /* documents that may be offered before the first of them is acknowledged */
#define ATTEMPTS 2
#define DOCUMENTS 12

/* --- names --- */

#define A 0
#define B 1
#define bit(n) (1 << (n))
#define has(set, n) (((set) >> (n)) & 1)
#define window_of(payer, number) ((payer) * WINDOWS + (number)) /* of A: 0 and 1; of B: 2 and 3 */
#define OWED_BY_B (3 << WINDOWS)
#define payment_of(month, attempt) ((month) * ATTEMPTS + (attempt) - 1)

/* documents */
#define APPROVAL 1 /* an adjudication of one obligation */
#define STATEMENT 2
#define AGREEMENT 3
#define PROPOSAL 4
#define CLEARING 5
#define ADVICE 6
#define RECEIPT 7

/* windows; 0: open */
#define CUT 1
#define DIFFERS 2
#define AGREED 3

/* clearings; 0: none */
#define PROPOSED 1
#define NETTED 2
#define SETTLED 3
#define REFUSED 4

/* payments, at the payer and at the banks; 0: none */
#define ORDERED 1
#define BOOKED 2
#define CREDITED 3 /* banks: the creditor has it */
#define REJECTED 4
#define RETURNED 5   /* banks: without having been credited */
#define TAKEN_BACK 6 /* banks: after it was credited */

typedef city_state {
	byte document[DOCUMENTS]; /* kind * 4 + what it is about */
	byte count;               /* documents logged */
	byte acknowledged;        /* the outbox: those above */
	byte offered;             /* in memory only: put on the wire since the start or the last time-out */
	byte last;                /* the inbox: number that was booked last */
	short refused;            /* numbers of the other city that were refused */

	byte state[2 * WINDOWS];
	byte set[2 * WINDOWS];    /* obligations: the payer's own, the creditor's mirror */
	byte stated[2 * WINDOWS]; /* at the payer: what its statement says */
	byte agreed[2 * WINDOWS];
	byte approved; /* as a payer: obligations so far */
	byte open;     /* as a payer: number of the open window */

	byte month[2];
	byte list[2];    /* windows of the month's clearing */
	byte taken;      /* windows that a clearing has taken */
	byte booked;     /* windows whose clearing is booked */
	byte payer[2];   /* 0: nothing to pay; 1: A pays; 2: B pays */
	byte attempt[2]; /* as a payer: the last order */
	byte order[2];
	byte credit[2 * ATTEMPTS]; /* as a creditor: what its bank has said */
};

city_state city[2];
short wire[2];  /* documents under way from a city */
byte answer[2]; /* number that the latest answer under way from a city answers; it says all that earlier ones say */
byte asked;     /* reconciliations, by window: the creditor asks */
byte shown;     /* the payer shows its signed approvals */
byte bank[2 * ATTEMPTS];
byte moved[2]; /* how often a month's money is with its creditor's bank, or on its way there */
byte faults = FAULTS, bank_faults = BANK_FAULTS, disputes = DISPUTES, refusals = REFUSALS;

/* --- what is so when all have come to rest --- */

#define window_done(x, payer, creditor) \
	(city[payer].state[x] == 0 || (city[payer].state[x] == AGREED && city[creditor].state[x] == AGREED))
#define windows_done \
	(window_done(0, A, B) && window_done(1, A, B) && window_done(2, B, A) && window_done(3, B, A))
#define cleared(m) \
	(city[A].month[m] == SETTLED && city[B].month[m] == SETTLED && moved[m] == (city[A].payer[m] != 0))
#define unused(m) (city[A].month[m] == 0 || city[A].month[m] == REFUSED)
#define month_done(m) (cleared(m) || (unused(m) && city[B].month[m] == 0))
#define clearings_done (month_done(0) && month_done(1) && city[A].taken == city[A].booked)
#define heard(c) (city[c].acknowledged == city[c].count)
#define all_done (windows_done && clearings_done && heard(A) && heard(B))

/* --- windows --- */

inline send(c, kind_, about_)
{
	assert(city[c].count < DOCUMENTS);
	city[c].document[city[c].count] = (kind_) * 4 + (about_);
	city[c].count++
}

/* Nothing is agreed twice, and both sides agree to the same set. */
inline agree(x_, agreed_set)
{
	assert(city[me].state[x_] != AGREED);
	city[me].state[x_] = AGREED;
	city[me].agreed[x_] = agreed_set;
	assert(city[other].state[x_] != AGREED || city[other].agreed[x_] == city[me].agreed[x_])
}

inline approve()
{
	x = window_of(me, city[me].open);
#ifdef SET_GROWS_AFTER_CUT
	x = (city[me].open > 0 && city[me].state[window_of(me, 0)] == CUT -> window_of(me, 0) : x);
#endif
	city[me].set[x] = city[me].set[x] | bit(city[me].approved);
	send(me, APPROVAL, city[me].approved);
	city[me].approved++
}

inline cut()
{
	x = window_of(me, city[me].open);
	city[me].state[x] = CUT;
	city[me].stated[x] = city[me].set[x];
	send(me, STATEMENT, city[me].open);
	city[me].open++
}

inline take_approval(i)
{
	x = window_of(other, (has(city[other].set[window_of(other, 0)], i) -> 0 : 1));
	assert(!has(city[me].set[x], i)); /* nothing is booked twice */
	if
	:: city[me].set[x] = city[me].set[x] | bit(i)
	:: disputes > 0 ->
		disputes--;
		refuse = true
	fi
}

inline take_statement(number)
{
	x = window_of(other, number);
	if
#ifdef DIRECTIONS_WAIT
	:: city[me].state[window_of(me, 0)] == 0 -> skip
	:: city[me].state[window_of(me, 0)] != 0 && city[me].set[x] == city[other].stated[x] ->
#else
	:: city[me].set[x] == city[other].stated[x] ->
#endif
		agree(x, city[me].set[x]);
		send(me, AGREEMENT, number)
	:: else -> city[me].state[x] = DIFFERS
	fi
}

inline take_agreement(number)
{
	x = window_of(me, number);
	if
	:: city[me].state[x] == CUT ->
#ifdef PAYER_IGNORES_WHAT_IS_LEFT_OUT
		agree(x, city[me].set[x])
#else
		agree(x, city[me].set[x] & city[other].agreed[x])
#endif
	:: else -> refuse = true
	fi;
	assert(city[me].set[x] == city[me].stated[x]) /* the set has not grown */
}

/* The payer has shown its approvals: the creditor takes them, or goes on disputing and they are left out. */
inline reconcile(number)
{
	x = window_of(other, number);
	if
#ifdef AGREEMENT_IS_NOT_IDEMPOTENT
	:: true ->
#else
	:: city[me].state[x] == DIFFERS ->
#endif
		if
		:: city[me].set[x] = city[other].stated[x]
		:: true
		fi;
		agree(x, city[me].set[x] & city[other].stated[x]);
		send(me, AGREEMENT, number)
	:: else
	fi
}

/* --- clearings --- */

#if defined(CLEARS_WHAT_IS_NOT_AGREED)
#define clearable(c, x) (city[c].state[x] != 0 && !has(city[c].taken, x))
#elif defined(CLEARS_TWICE)
#define clearable(c, x) (city[c].state[x] == AGREED)
#else
#define clearable(c, x) (city[c].state[x] == AGREED && !has(city[c].taken, x))
#endif
#define clearable_set(c) \
	(clearable(c, 0) | (clearable(c, 1) << 1) | (clearable(c, 2) << 2) | (clearable(c, 3) << 3))

/* At B: all that is listed can be cleared here too, and nothing that B owes is missing. */
#ifdef CLEARS_WHAT_IS_NOT_AGREED
#define acceptable(m) (city[me].month[m] == 0)
#else
#define acceptable(m) \
	(city[me].month[m] == 0 && (city[other].list[m] & ~clearable_set(me)) == 0 && \
	    (clearable_set(me) & OWED_BY_B & ~city[other].list[m]) == 0)
#endif

#define size_of(set) (has(set, 0) + has(set, 1))
#define worth(m, x) (has(city[me].list[m], x) * size_of(city[me].agreed[x]))
#define owed_by_a(m) (worth(m, 0) + worth(m, 1))
#define owed_by_b(m) (worth(m, 2) + worth(m, 3))

inline propose(m)
{
	city[A].list[m] = clearable_set(A);
	city[A].taken = city[A].taken | city[A].list[m];
	city[A].month[m] = PROPOSED;
	send(A, PROPOSAL, m)
}

/* Nothing is cleared twice, nor what is not agreed. */
inline book_clearing(m)
{
	assert(city[me].month[m] != NETTED && city[me].month[m] != SETTLED);
	assert((city[me].booked & city[me].list[m]) == 0);
	for (x : 0 .. 2 * WINDOWS - 1) {
		assert(!has(city[me].list[m], x) || city[me].state[x] == AGREED)
	}
	city[me].booked = city[me].booked | city[me].list[m];
	city[me].taken = city[me].taken | city[me].list[m];
	city[me].payer[m] = (owed_by_a(m) > owed_by_b(m) -> 1 : (owed_by_a(m) < owed_by_b(m) -> 2 : 0));
	city[me].month[m] = (city[me].payer[m] -> NETTED : SETTLED)
}

inline take_proposal(m)
{
	if
	:: acceptable(m) ->
		if
		:: true ->
			city[me].list[m] = city[other].list[m];
			book_clearing(m);
			send(me, CLEARING, m)
		:: refusals > 0 ->
			refusals--;
			refuse = true
		fi
	:: else -> refuse = true
	fi
}

inline take_clearing(m)
{
	if
	:: city[me].month[m] == PROPOSED && city[me].list[m] == city[other].list[m] ->
		book_clearing(m);
		assert(city[me].payer[m] == city[other].payer[m])
	:: else -> refuse = true
	fi
}

/* The other city has refused this document: the windows of a proposal are free again. */
inline take_refusal(number)
{
	if
	:: city[me].document[number - 1] / 4 == PROPOSAL ->
		x = city[me].document[number - 1] % 4;
		assert(city[me].month[x] == PROPOSED);
		city[me].month[x] = REFUSED;
#ifndef REFUSED_CLEARING_KEEPS_ITS_WINDOWS
		city[me].taken = city[me].taken & ~city[me].list[x]
#endif
	:: else
	fi
}

/* --- payments --- */

#define pays(c, m) (city[c].payer[m] == (c) + 1)
#define is_booked(m) (city[me].month[m] == NETTED || city[me].month[m] == SETTLED)
#define ended(state) ((state) == 0 || (state) == REJECTED || (state) == RETURNED)
#ifdef ORDERS_AGAIN_WITHOUT_REJECTION
#define may_order(m) (pays(me, m) && city[me].month[m] == NETTED && city[me].attempt[m] < ATTEMPTS)
#else
#define may_order(m) \
	(pays(me, m) && city[me].month[m] == NETTED && city[me].attempt[m] < ATTEMPTS && ended(city[me].order[m]))
#endif

/* It may be exported and handed to the bank again and again: the bank knows it by its id. */
inline order_payment(m)
{
	city[me].attempt[m]++;
	city[me].order[m] = ORDERED;
	bank[payment_of(m, city[me].attempt[m])] = ORDERED
}

/* What the payer's bank says of its last order. */
#define last_payment(m) payment_of(m, city[me].attempt[m])
#define own_fact(m) \
	((city[me].order[m] == ORDERED && bank[last_payment(m)] > ORDERED) || \
	    (city[me].order[m] == BOOKED && bank[last_payment(m)] >= RETURNED))

inline import_own(m)
{
	if
	:: city[me].order[m] == BOOKED ->
		city[me].order[m] = RETURNED;
		city[me].month[m] = NETTED
	:: city[me].order[m] == ORDERED && bank[last_payment(m)] == REJECTED -> city[me].order[m] = REJECTED
	:: else ->
		city[me].order[m] = BOOKED;
		send(me, ADVICE, last_payment(m))
	fi
}

/* What the creditor's bank says. A credit that matches nothing yet is told again. */
#define was_credited(i) (bank[i] == CREDITED || bank[i] == TAKEN_BACK)
#ifdef UNMATCHED_CREDIT_IS_TOLD_ONCE
#define credit_fact(i, m) (city[me].credit[i] == 0 && was_credited(i))
#else
#define credit_fact(i, m) (city[me].credit[i] == 0 && was_credited(i) && city[me].month[m] == NETTED)
#endif
#define taken_back_fact(i) (city[me].credit[i] == CREDITED && bank[i] == TAKEN_BACK)

inline import_credit(i, m)
{
	city[me].credit[i] = CREDITED;
	if
	:: city[me].month[m] == NETTED ->
		city[me].month[m] = SETTLED;
		send(me, RECEIPT, i)
	:: else
	fi
}

inline import_taken_back(i, m)
{
	city[me].credit[i] = TAKEN_BACK;
	city[me].month[m] = NETTED
}

inline take_advice(m)
{
	assert(is_booked(m) && pays(other, m));
#ifdef ADVICE_SETTLES
	city[me].month[m] = SETTLED
#endif
}

/* A receipt that a return has overtaken settles nothing. */
inline take_receipt(m, k)
{
	assert(is_booked(m) && pays(me, m));
	if
#ifdef RECEIPT_OF_ANY_ATTEMPT
	:: true -> city[me].month[m] = SETTLED
#else
	:: city[me].attempt[m] == k && !ended(city[me].order[m]) -> city[me].month[m] = SETTLED
#endif
	:: else
	fi
}

/* --- the link: numbers, outbox, inbox --- */

inline crash()
{
#ifdef OUTBOX_IN_MEMORY
	city[me].acknowledged = city[me].count;
#endif
	city[me].offered = city[me].acknowledged
}

inline book(number)
{
	kind = city[other].document[number - 1] / 4;
	about = city[other].document[number - 1] % 4;
	refuse = false;
	if
	:: kind == APPROVAL -> take_approval(about)
	:: kind == STATEMENT -> take_statement(about)
	:: kind == AGREEMENT -> take_agreement(about)
	:: kind == PROPOSAL -> take_proposal(about)
	:: kind == CLEARING -> take_clearing(about)
	:: kind == ADVICE -> take_advice(about / ATTEMPTS)
	:: kind == RECEIPT -> take_receipt(about / ATTEMPTS, about % ATTEMPTS + 1)
	fi;
	if
	:: refuse -> city[me].refused = city[me].refused | bit(number)
	:: else
	fi
}

#if defined(NO_NUMBER_CHECK)
#define is_next(number) true
#elif defined(NO_GAP_CHECK)
#define is_next(number) ((number) > city[me].last)
#else
#define is_next(number) ((number) == city[me].last + 1)
#endif

inline answer_it(number)
{
	answer[me] = (answer[me] > number -> answer[me] : number)
}

/* Entry and number are one transaction; only then is it answered. */
inline book_and_answer()
{
	if
	:: faults > 0 -> /* crash before the commit: nothing is kept */
		faults--;
#ifdef ACKNOWLEDGES_BEFORE_COMMIT
		answer_it(n);
#endif
		crash()
	:: true ->
		book(n);
		if
#ifdef NUMBER_IN_ANOTHER_TRANSACTION
		:: faults > 0 ->
			faults--;
			crash()
#endif
		:: true ->
			city[me].last = n;
			if
			:: answer_it(n)
			:: faults > 0 -> /* crash after the commit: nothing is answered */
				faults--;
				crash()
			fi
		fi
	fi
}

/* Any of the documents on the wire comes; it may stay there too (doubled), or be lost. */
inline take_document()
{
	n = 1;
	do
	:: !has(wire[other], n) -> n++
	:: has(wire[other], n) && (wire[other] >> (n + 1)) != 0 -> n++
	:: has(wire[other], n) -> break
	od;
	if
	:: wire[other] = wire[other] & ~bit(n)
	:: faults > 0 -> faults--
	fi;
	if
	:: faults > 0 && !has(wire[other], n) -> faults--
	:: is_next(n) -> book_and_answer()
	:: !is_next(n) && n <= city[me].last -> /* known: answered again */
#ifndef REPEATS_ARE_NOT_ANSWERED
		answer_it(city[me].last)
#endif
	:: !is_next(n) && n > city[me].last -> skip /* a lower number is missing */
	fi
}

/* An answer acknowledges all lower numbers; so it brings their refusals. */
inline book_answer()
{
	about = city[me].acknowledged + 1;
#ifdef ANSWER_LEAVES_REFUSALS_BEHIND
	about = n;
#endif
	do
	:: about > n -> break
	:: about <= n && has(city[other].refused, about) ->
		take_refusal(about);
		about++
	:: about <= n && !has(city[other].refused, about) -> about++
	od;
	city[me].acknowledged = n;
	city[me].offered = (city[me].offered < n -> n : city[me].offered)
}

inline take_answer()
{
	n = answer[other];
	if
	:: answer[other] = 0
	:: faults > 0 -> faults--
	fi;
	if
	:: faults > 0 && answer[other] == 0 -> faults-- /* lost */
	:: faults > 0 ->                                /* crash before the commit */
		faults--;
		crash()
	:: n > city[me].acknowledged -> book_answer()
	:: n <= city[me].acknowledged
	fi
}

/* What may be on the wire is put there at once: that it goes late and that it comes late is the same. */
inline go_on()
{
	do
	:: city[me].offered < city[me].count && city[me].offered < city[me].acknowledged + BATCH ->
		city[me].offered++;
		wire[me] = wire[me] | bit(city[me].offered)
	:: else -> break
	od;
	n = 0;
	x = 0;
	kind = 0;
	about = 0;
	refuse = false
}

/* A part of a reconciliation comes, and may come again. */
inline leave(set, x_)
{
	if
	:: set = set & ~bit(x_)
	:: faults > 0 -> faults--
	fi
}

/* The payer shows what it has, or that is lost. */
inline show_approvals(x_)
{
	if
	:: shown = shown | bit(x_)
	:: faults > 0 -> faults--
	fi
}

/* --- processes --- */

#define may_approve \
	(city[me].approved < (me == A -> APPROVALS_A : APPROVALS_B) && city[me].open < WINDOWS)
#define may_cut (city[me].open < WINDOWS && city[me].set[window_of(me, city[me].open)] != 0)
#define waits (city[me].offered > city[me].acknowledged)
#define nothing_under_way (wire[me] == 0 && answer[other] == 0)
#ifdef DIFFERENCES_ARE_NOT_RECONCILED
#define may_ask(x) false
#else
#define may_ask(x) (city[me].state[x] == DIFFERS && !has(asked | shown, x))
#endif

#define reconcile_steps(number) \
	:: atomic { may_ask(window_of(other, number)) -> asked = asked | bit(window_of(other, number)) } \
	:: atomic { has(asked, window_of(me, number)) -> \
		leave(asked, window_of(me, number)); show_approvals(window_of(me, number)) } \
	:: atomic { has(shown, window_of(other, number)) -> \
		leave(shown, window_of(other, number)); reconcile(number); go_on() }

#define credit_steps(i, m) \
	:: atomic { pays(other, m) && credit_fact(i, m) -> import_credit(i, m); go_on() } \
	:: atomic { pays(other, m) && taken_back_fact(i) -> import_taken_back(i, m) }

#define month_steps(m) \
	:: atomic { may_order(m) -> order_payment(m) } \
	:: atomic { city[me].attempt[m] > 0 && own_fact(m) -> import_own(m); go_on() } \
	credit_steps(payment_of(m, 1), m) \
	credit_steps(payment_of(m, 2), m)

proctype node(bit me; bit other)
{
	byte n, x, kind, about;
	bool refuse;

	atomic {
		go_on();
		if
		:: true
#ifndef ONLY_CLEARINGS
		:: me == B -> city[B].approved = APPROVALS_B /* B owes nothing and never cuts */
#endif
		fi
	};
end:	do
	/* the link; a time-out that comes early, or a crash meanwhile, is a fault */
	:: atomic { wire[other] != 0 -> take_document(); go_on() }
	:: atomic { answer[other] != 0 -> take_answer(); go_on() }
	:: atomic { waits && nothing_under_way -> city[me].offered = city[me].acknowledged; go_on() }
	:: atomic { waits && !nothing_under_way && faults > 0 -> faults--; crash(); go_on() }
#ifndef ONLY_CLEARINGS
	:: atomic { may_approve -> approve(); go_on() }
	:: atomic { may_cut -> cut(); go_on() }
	reconcile_steps(0)
	reconcile_steps(1)
#endif
#if MONTHS > 0
	:: atomic { me == A && unused(0) && clearable_set(A) != 0 -> propose(0); go_on() }
	month_steps(0)
#endif
#if MONTHS > 1
	:: atomic { me == A && !unused(0) && unused(1) && clearable_set(A) != 0 -> propose(1); go_on() }
	month_steps(1)
#endif
	od
}

/* The banks of both cities. Money moves once. */
#define bank_steps(i, m) \
	:: atomic { bank[i] == ORDERED -> bank[i] = BOOKED; moved[m]++; assert(moved[m] <= 1) } \
	:: bank[i] == BOOKED -> bank[i] = CREDITED \
	:: atomic { bank[i] == ORDERED && bank_faults > 0 -> bank_faults--; bank[i] = REJECTED } \
	:: atomic { bank[i] == BOOKED && bank_faults > 0 -> bank_faults--; moved[m]--; bank[i] = RETURNED } \
	:: atomic { bank[i] == CREDITED && bank_faults > 0 -> bank_faults--; moved[m]--; bank[i] = TAKEN_BACK } \
	export_again(i, m)
#ifdef NEW_ID_AT_EACH_EXPORT
#define export_again(i, m) \
	:: atomic { bank[i] == CREDITED && (city[A].order[m] | city[B].order[m]) == ORDERED -> bank[i] = ORDERED }
#else
#define export_again(i, m)
#endif

proctype banks()
{
end:	do
	:: false
#if MONTHS > 0
	bank_steps(0, 0)
	bank_steps(1, 0)
#endif
#if MONTHS > 1
	bank_steps(2, 1)
	bank_steps(3, 1)
#endif
	od
}

/* Nothing hangs: when nobody can do anything any more, all is done. */
proctype rest()
{
	timeout -> assert(all_done)
}

/* Where the clearings begin: the creditor has agreed, and the payer does not know it yet. */
inline agreed_by_creditor(payer_, creditor, number, obligations)
{
	x = window_of(payer_, number);
	city[payer_].set[x] = obligations;
	city[payer_].stated[x] = obligations;
	city[payer_].state[x] = CUT;
	city[creditor].set[x] = obligations;
	city[creditor].agreed[x] = obligations;
	city[creditor].state[x] = AGREED;
	send(creditor, AGREEMENT, number)
}

init
{
	byte x;

	atomic {
#ifdef ONLY_CLEARINGS
		agreed_by_creditor(A, B, 0, 1);
		agreed_by_creditor(A, B, 1, 2);
		agreed_by_creditor(B, A, 0, 1);
		x = 0;
#endif
		run node(A, B);
		run node(B, A);
		run banks();
		run rest()
	}
}
