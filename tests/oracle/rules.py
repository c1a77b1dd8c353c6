"""The rules on a line of a claim, once more and naively: day by day, refusals in their order, then the amount and its reductions.

From docs/settlement.md ("Adjudication"), docs/policy.md and docs/format.md ("What each refusal asks"). The readings of what these leave open
are in docs/oracle.md.
"""
from datetime import date

from model import Verdict, days_between, month_first, month_last


def person_code(region, serial):
    """region(6) serial(9) and a check digit, ISO 7064 MOD 11,10."""
    digits = '%06d%09d' % (region, serial)
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return int(digits + str((11 - product) % 10))


def home_of(code):
    return code // 10**10


def birthday_in(birth, year):
    """Whoever is born on 29 February has the birthday on the 28th in common years."""
    try:
        return birth.replace(year=year)
    except ValueError:
        return birth.replace(year=year, day=28)


def age_on(birth, day):
    """Years that are complete on the day, the birthday counted."""
    return day.year - birth.year - (0 if birthday_in(birth, day.year) <= day else 1)


def counted_age(programme, birth, day):
    if programme.starts == 'day':
        return age_on(birth, day)
    if programme.starts == 'month':
        return age_on(birth, month_last(day))
    before = month_first(day).toordinal() - 1
    return age_on(birth, type(day).fromordinal(before))


def worth(monthly, month_days, first, last):
    """The days first..last of a month with that many days, of a monthly amount: R(last) - R(first - 1)."""
    def up_to(day):
        return (2 * monthly * day + month_days) // (2 * month_days)
    return up_to(last) - up_to(first - 1)


class Case:
    """A line before its payer. `booked` is the day on which the host booked it; `barred` tells of a day whether the house was barred, as
    the host knew then; `nights_limit` and `nights_used` are what the host says of its beds."""

    def __init__(self, world, payer, host, house, line, booked, bar, nights_limit, nights_used):
        self.world, self.payer, self.host, self.house, self.line = world, payer, host, house, line
        self.booked, self.bar, self.nights_limit, self.nights_used = booked, bar, nights_limit, nights_used
        self.home = home_of(line.person)
        self.guest = self.home != host
        self.own_pays = payer.region == self.home
        self.days = days_between(line.first, line.last)
        self.person = world.known(payer.region, line.person)
        # A district is one of the payer's own city.
        self.district = house.district if payer.region == host else 0
        self.need = payer.catalogue.need_of(line.programme)
        self.versions = {day: payer.catalogue.versions_on(line.programme, day, self.district) for day in self.days}

    def refuse(self, reason, figure, day=None, why=''):
        # The version of the day concerned, else that of the line's first day.
        version = self.versions.get(day) or self.versions[self.days[0]]
        row = self.payer.catalogue.row_of(version) if version else None
        return Verdict(reason, figure, row, catalogue=self.payer.catalogue.entry, why=[why])

    def grants_known(self):
        """Of a guest the host knows what may be paid to an institution there."""
        if self.own_pays:
            return self.person.grants
        return [grant for grant in self.person.grants
                if grant.paid_to != 'card' and grant.region in (0, self.payer.region)]

    def grant_on(self, programme, day):
        return next((grant for grant in self.grants_known()
                     if grant.programme == programme and grant.holds_on(day)), None)

    def payer_on(self, day):
        """The host, where its catalogue says so, otherwise the home."""
        version = self.world.cities[self.host].catalogue.versions_on(self.line.programme, day, self.house.district)
        return self.host if version and version.payer == 'host' else self.home

    def stay_on(self, day):
        return next((stay for stay in self.world.stays_of(self.line.person)
                     if stay.accepted and stay.uscc == self.house.uscc and stay.has_night(day)), None)

    # --- refusals, in their order -----------------------------------------------------------------------------------------

    def refusal(self):
        for check in (self.unknown_person, self.suspended, self.wrong_payer, self.not_in_force, self.too_late, self.duplicate,
                      self.not_filed, self.no_stay, self.no_grant, self.not_portable, self.no_assessment, self.level, self.age,
                      self.income_class, self.excluded, self.after_death):
            verdict = check()
            if verdict:
                return verdict
        return None

    def unknown_person(self):
        # A guest who was never filed may still have a stay, accepted or not, in the house's book.
        seen = self.payer.region in (self.host, self.home) and self.world.has_slept(self.line.person, self.house.uscc)
        if self.person is None and not seen:
            return self.refuse('unknown_person', None, why='nobody has the code %016d' % self.line.person)

    def suspended(self):
        for day in self.days:
            if self.bar(day):
                return self.refuse('suspended', day, day, 'the house is barred on %s' % day)

    def wrong_payer(self):
        if self.home == self.host:
            if self.payer.region != self.host:
                return self.refuse('wrong_payer', None, why='home is the host')
            return None
        for day in self.days:
            if self.payer_on(day) != self.payer.region:
                return self.refuse('wrong_payer', day, day, '%d pays on %s' % (self.payer_on(day), day))

    def not_in_force(self):
        for day in self.days:
            version = self.versions[day]
            if version is None or version.paid_to == 'card' or version.accrues != 'day':
                return self.refuse('not_in_force', day, day, 'no version that is claimed on %s' % day)

    def too_late(self):
        """Days that were taken back may come again; of the others each must be in time by its version."""
        last = None
        for day in self.days:
            if (self.line.person, self.need, day) in self.payer.freed:
                continue
            deadline = date.fromordinal(month_last(day).toordinal() + self.versions[day].claim_deadline_days)
            if self.booked > deadline and (last is None or deadline < last[0]):
                last = (deadline, day)
        if last:
            return self.refuse('too_late', last[0], last[1], 'booked on %s, in time until %s' % (self.booked, last[0]))

    def duplicate(self):
        for day in self.days:
            if (self.line.person, self.need, day) in self.payer.claimed:
                return self.refuse('duplicate', day, day, 'claimed before for %s: %s on %s' % (
                    self.need, self.payer.claimed[self.line.person, self.need, day], day))

    def not_filed(self):
        if not self.guest:
            return None
        for day in self.days:
            if self.person is None or not self.person.filed_with(self.host, day):
                return self.refuse('not_filed', day, day, 'no filing with %d on %s' % (self.host, day))

    def no_stay(self):
        for day in self.days:
            if not self.stay_on(day):
                return self.refuse('no_stay', day, day, 'no accepted stay on %s' % day)
            if day >= self.booked:
                return self.refuse('no_stay', day, day, 'the night of %s is not over on %s' % (day, self.booked))

    def no_grant(self):
        for day in self.days:
            if self.versions[day].needs_grant and not self.grant_on(self.line.programme, day):
                return self.refuse('no_grant', day, day, 'no grant on %s' % day)

    def not_portable(self):
        if not self.guest or self.payer.region == self.host:
            return None
        for day in self.days:
            version = self.versions[day]
            grant = self.grant_on(self.line.programme, day)
            if not version.portable or (version.regions and self.host not in version.regions):
                return self.refuse('not_portable', day, day, 'not portable to %d on %s' % (self.host, day))
            if version.needs_grant and grant.region not in (0, self.host):
                return self.refuse('not_portable', day, day, 'the grant is for %d on %s' % (grant.region, day))

    def no_assessment(self):
        for day in self.days:
            asks = self.versions[day].needs_assessment or self.versions[day].asks_level()
            if asks and not self.person.level_on(day):
                return self.refuse('no_assessment', day, day, 'no level on %s' % day)

    def level(self):
        for day in self.days:
            version = self.versions[day]
            if version.asks_level():
                level = self.person.level_on(day)
                if not version.level_min <= level.level <= version.level_max:
                    return self.refuse('level', level.entry, day, 'level %d on %s' % (level.level, day))

    def age(self):
        for day in self.days:
            version = self.versions[day]
            if not version.asks_age() and not version.flag_or:
                continue
            facts = self.person.facts
            years = counted_age(version, facts.birth, day)
            if version.age_or and years < version.age_or and not facts.flags & set(version.flag_or):
                return self.refuse('age', facts.entry, day, 'aged %d on %s and no flag' % (years, day))
            if years < version.age_min:
                return self.refuse('age', facts.entry, day, 'aged %d on %s' % (years, day))

    def income_class(self):
        for day in self.days:
            version = self.versions[day]
            if version.income and self.person.facts.income not in version.income:
                return self.refuse('income_class', self.person.facts.entry, day, 'income class %s' % self.person.facts.income)

    def excluded(self):
        grants = self.grants_known()
        for day in self.days:
            for grant in grants:
                drawn = grant.holds_on(day)
                if grant.paid_to == 'card':
                    drawn = any(grant.holds_on(one) for one in days_between(month_first(day), month_last(day)))
                # Of the same need to the card, if a run can pay it for the month.
                bars = grant.programme in self.versions[day].excludes or \
                    (grant.paid_to == 'card' and self.payer.catalogue.need_of(grant.programme) == self.need and
                     self.payer.catalogue.run_version(grant.programme, day))
                if drawn and bars:
                    return self.refuse('excluded', day, day, 'draws %s to the %s on %s' % (grant.programme, grant.paid_to, day))
        # What is paid to the card takes the whole month, by whatever grant, until it is taken back.
        for day in self.days:
            for code in self.payer.catalogue.codes():
                bars = code in self.versions[day].excludes or self.payer.catalogue.need_of(code) == self.need
                if bars and (code, month_first(day), self.line.person) in self.payer.paid:
                    return self.refuse('excluded', day, day, '%s was paid to the card for the month' % code)

    def after_death(self):
        if not self.own_pays or not self.person.facts.death:
            return None
        death = self.person.facts.death
        for day in self.days:
            if day > death or (day == death and self.versions[day].unit == 'bed_month'):
                return self.refuse('after_death', self.person.facts.entry, day, 'died on %s' % death)

    # --- the amount -------------------------------------------------------------------------------------------------------

    def band_on(self, day):
        version = self.versions[day]
        years = counted_age(version, self.person.facts.birth, day) if version.asks_age() else 0
        level = self.person.level_on(day).level if version.asks_level() else 0
        return next(i for i, band in enumerate(version.bands)
                    if band.age_from <= years <= band.age_to and band.level_from <= level <= band.level_to)

    def pieces(self):
        """Neighbouring days of one version, band and level."""
        pieces = []
        for day in self.days:
            version = self.versions[day]
            band = self.bands[day]
            level = self.person.level_on(day).entry if version.asks_level() else None
            piece = (self.payer.catalogue.row_of(version), band, day.day, version.bands[band].amount, level)
            if pieces and pieces[-1][:2] == piece[:2] and pieces[-1][4] == piece[4]:
                pieces[-1] = piece
            else:
                pieces.append(piece)
        return pieces

    def worth_of(self, count, under_ceiling):
        """What the first `count` days are worth."""
        total = ceiling = 0
        for day in self.days[:count]:
            version = self.versions[day]
            monthly = version.bands[self.bands[day]].amount
            length = month_last(day).day
            total += worth(monthly, length, day.day, day.day)
            ceiling += worth(version.price_ceiling or monthly, length, day.day, day.day)
        return min(total, ceiling) if under_ceiling else total

    def entries(self):
        """Of facts (also of a death that is known), grant and filing: of the last day for which they were asked."""
        facts = grant = filing = None
        for day in self.days:
            version = self.versions[day]
            if version.asks_facts() or (self.own_pays and self.person.facts.death):
                facts = self.person.facts.entry
            if version.needs_grant:
                grant = self.grant_on(self.line.programme, day).entry
            if self.guest:
                filing = self.person.filed_with(self.host, day).entry
        return (facts, grant, filing)

    def approve(self):
        first = self.versions[self.days[0]]
        month = month_first(self.days[0])
        self.bands = {day: self.band_on(day) for day in self.days}
        verdict = Verdict('approved', row=None, pieces=self.pieces(), facts=self.entries(), days=self.days, programme=first,
                          catalogue=self.payer.catalogue.entry)
        worth_all = self.worth_of(len(self.days), True)
        fen = self.line.asked if self.line.asked is not None else self.worth_of(len(self.days), False)
        why = verdict.why
        why.append('the days are worth %d, under the ceiling %d; asked %s' % (
            self.worth_of(len(self.days), False), worth_all, self.line.asked))

        def cut(reason, fen, to, limit, used, told=False):
            after = min(fen, to)
            if after < fen or told:
                verdict.reductions.append((reason, fen, after, limit, used))
            return after

        fen = cut('price_ceiling', fen, worth_all, worth_all, 0)
        if first.takes_capacity:
            fit = max(0, min(len(self.days), self.nights_limit - self.nights_used))
            verdict.nights = fit
            fen = cut('capacity', fen, self.worth_of(fit, True), self.nights_limit, self.nights_used, fit < len(self.days))
        if first.quantity_cap_days:
            used = sum(1 for day in days_between(month, month_last(month))
                       if (self.line.person, self.need, day) in self.payer.claimed)
            fit = max(0, min(len(self.days), first.quantity_cap_days - used))
            fen = cut('quantity_cap', fen, self.worth_of(fit, True), first.quantity_cap_days, used, fit < len(self.days))
        if first.programme_cap:
            used = self.payer.programme_used.get((self.line.programme, month), 0)
            fen = cut('programme_cap', fen, max(0, first.programme_cap - used), first.programme_cap, used)
        if first.person_month_cap:
            used = self.payer.person_used.get((self.line.person, month), 0)
            fen = cut('person_month_cap', fen, max(0, first.person_month_cap - used), first.person_month_cap, used)
        left = sum(self.payer.fund_fen.get(fund, 0) for fund in first.funds)
        fen = cut('fund_exhausted', fen, left, left, 0)
        verdict.amount = fen
        for fund in first.funds:
            share = min(fen, self.payer.fund_fen.get(fund, 0))
            if share:
                verdict.funds.append((self.payer.catalogue.funds.index(fund), share))
            fen -= share
        return verdict

    def decide(self):
        return self.refusal() or self.approve()
