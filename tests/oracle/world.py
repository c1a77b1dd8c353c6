"""Several cities and what happens in them, step by step: the oracle's books. A step is a function call with plain values, so that a script
of steps can be told to the program and to the oracle alike; each returns the verdicts that are expected.

After every step all documents have been carried between the cities (`deliver` says when), so that a city knows what the texts say it is
told, and nothing is under way. Only sheets for another payer wait for `deliver`: they are decided then, in the order in which they were
booked.
"""
import runs
from model import Assessment, City, Facts, Filing, Grant, House, ONE_DAY, Person, Stay, month_first, month_last
from rules import Case, person_code


def level_of_score(score, flags):
    """GB/T 42195-2022 by points; coma is 4; dementia, or accidents, one level worse, once."""
    if 'coma' in flags:
        return 4
    level = 0 if score == 90 else 1 if score >= 66 else 2 if score >= 46 else 3 if score >= 30 else 4
    return min(4, level + (1 if 'dementia' in flags or 'accidents' in flags else 0))


class World:
    def __init__(self, catalogues):
        self.cities = {catalogue.region: City(catalogue.region, catalogue) for catalogue in catalogues}
        self.codes = {}      # number of the script -> person code
        self.persons = {}    # code -> Person
        self.stays = {}      # code -> [Stay]
        self.serials = {region: 0 for region in self.cities}
        self.waiting = []    # forwarded sheets
        self.asked = []      # stays that home has not heard of
        for city in self.cities.values():
            city.catalogue.entry = ('policy', city.region)
            for fund in city.catalogue.funds:
                city.fund_fen[fund] = 0

    def known(self, region, code):
        """What a city has of a person: its own persons, and those who were ever filed with it."""
        person = self.persons.get(code)
        if person and (person.home == region or any(filing.host == region for filing in person.filings)):
            return person
        return None

    def has_slept(self, code, uscc):
        """Has the house's book a stay of the person, accepted or not?"""
        return any(stay.uscc == uscc for stay in self.stays_of(code))

    def stays_of(self, code):
        return self.stays.get(code, [])

    # --- registers --------------------------------------------------------------------------------------------------------

    def adopt(self, region, catalogue, entry):
        city = self.cities[region]
        catalogue.entry = entry
        city.catalogue = catalogue
        for fund in catalogue.funds:
            city.fund_fen.setdefault(fund, 0)

    def house(self, region, uscc, district, beds):
        self.cities[region].houses[uscc] = House(uscc, region, district, beds)

    def beds(self, region, uscc, beds):
        self.cities[region].houses[uscc].beds = beds

    def standing(self, region, verb, uscc, first):
        """Suspended and black-listed: nights from the day on are refused. Restored and red-listed: up to the day before they stay
        refused. The last bar only is remembered; a bar that runs goes on running."""
        house = self.cities[region].houses[uscc]
        runs_on = house.barred_from is not None and house.barred_until is None
        if verb in ('suspend', 'blacklist'):
            house.barred_from = min(house.barred_from, first) if runs_on else first
            house.barred_until = None
        elif house.barred_from is not None and (runs_on or first - ONE_DAY < house.barred_until):
            house.barred_until = first - ONE_DAY
            if house.barred_until < house.barred_from:
                house.barred_from = house.barred_until = None

    def appropriate(self, region, fund, fen):
        self.cities[region].fund_fen[fund] += fen
        self.cities[region].add('treasury', fen)

    def person(self, region, number, birth, income, flags, entry):
        code = person_code(region, self.serials[region])
        self.serials[region] += 1
        person = Person(number, code, region, Facts(birth, None, income, frozenset(flags), entry))
        self.codes[number] = code
        self.persons[code] = person
        self.cities[region].persons[code] = person

    def change(self, region, number, death, income, flags, entry):
        """None leaves what is known; death 'none' takes the day away."""
        person = self.persons[self.codes[number]]
        old = person.facts
        person.facts = Facts(old.birth, old.death if death is None else None if death == 'none' else death,
                             income or old.income, old.flags if flags is None else frozenset(flags), entry)

    def assess(self, region, number, first, last, level, entry):
        person = self.persons[self.codes[number]]
        if person.home != region and not person.filed_with(region, first):
            return ('not_filed', None)
        person.assessments.append(Assessment(first, last, level, region, entry))
        return ('registered', None)

    def file(self, region, number, host, first, last, entry):
        person = self.persons[self.codes[number]]
        same = next((one for one in person.filings if one.host == host and one.first == first), None)
        for other in person.filings:
            if other is not same and other.host == host and overlap(other.first, other.last, first, last):
                return ('duplicate', None)
        if host == region or host not in self.cities:
            return ('not_portable', None)
        if person.facts.death and first > person.facts.death:
            return ('after_death', None)
        if same:
            same.last, same.entry = last, entry
        else:
            person.filings.append(Filing(host, first, last, entry))
        return ('registered', None)

    def grant(self, region, number, programme, first, last, paid_to, draw_region, entry):
        city, person = self.cities[region], self.persons[self.codes[number]]
        for other in person.grants:
            if other.programme == programme and has_days(other.first, other.last) and \
                    (overlap(other.first, other.last, first, last) or other.first == first):
                return ('duplicate', None)
        own = [one for one in city.catalogue.programmes if one.code == programme and one.holds_on(first)]
        theirs = []
        if draw_region in self.cities and not own:
            theirs = [one for one in self.cities[draw_region].catalogue.programmes
                      if one.code == programme and one.holds_on(first) and one.payer == 'host']
        if not own and not theirs:
            return ('not_in_force', None)
        if draw_region and not theirs and not any(one.district == 0 and one.portable and (not one.regions or draw_region in one.regions) for one in own):
            return ('not_portable', None)
        if not any(one.paid_to in (paid_to, 'either') for one in (theirs or own)):
            return ('no_grant', None)
        if person.facts.death and first > person.facts.death:
            return ('after_death', None)
        person.grants = [one for one in person.grants if one.programme != programme or one.first != first]
        person.grants.append(Grant(programme, first, last, paid_to, draw_region, entry))
        return ('registered', None)

    def stop(self, region, number, programme, first, last, entry):
        person = self.persons[self.codes[number]]
        for grant in person.grants:
            if grant.programme == programme and grant.first == first and (grant.last is None or last <= grant.last):
                grant.last, grant.entry = last, entry
                return ('registered', None)
        return ('no_grant', None)

    # --- stays ------------------------------------------------------------------------------------------------------------

    def open_stay(self, region, uscc, number, first, last):
        """What the host says, and what the stay comes to when home has answered."""
        code = self.codes[number]
        person = self.persons[code]
        house = self.cities[region].houses.get(uscc)
        stays = self.stays.setdefault(code, [])
        if house is None:
            return ('unknown_institution', None)
        if house.barred_on(first):
            return ('suspended', None)
        if any(stay.uscc == uscc and stay.first == first for stay in stays):
            return ('duplicate', None)
        here = [stay for stay in stays if (stay.accepted or stay.waiting) and
                (person.home == region or stay.uscc in self.cities[region].houses)]
        wanted = first_common_night(here, first, last)
        if wanted:
            return ('overlap', wanted)
        if person.home != region:
            stays.append(Stay(uscc, code, first, last, False, True))
            self.asked.append(stays[-1])
            return ('pending_home', None)
        if person.facts.death is not None and first > person.facts.death:
            return ('after_death', None)
        stays.append(Stay(uscc, code, first, last, True))
        return ('registered', None)

    def answer_stay(self, stay):
        """Home decides: filed on the first day, no night of another stay, not after death."""
        person = self.persons[stay.person]
        host = next(city.region for city in self.cities.values() if stay.uscc in city.houses)
        taken = [one for one in self.stays_of(stay.person) if one.accepted]
        stay.waiting = False
        stay.accepted = person.filed_with(host, stay.first) is not None and \
            not first_common_night(taken, stay.first, stay.last) and \
            not (person.facts.death is not None and stay.first > person.facts.death)

    def close_stay(self, region, uscc, number, first, last):
        if uscc not in self.cities[region].houses:
            return ('unknown_institution', None)
        for stay in self.stays.get(self.codes[number], []):
            if stay.uscc == uscc and stay.first == first and (stay.accepted or stay.waiting):
                if (stay.last is None or last <= stay.last) and last >= first - ONE_DAY:
                    stay.last = last
                    return ('registered', None)
        return ('no_stay', None)

    # --- claims -----------------------------------------------------------------------------------------------------------

    def submit(self, sheet, day):
        """The verdicts, if the host pays; None: they come with `deliver`."""
        host, payer = self.cities[sheet.host], self.cities[sheet.payer]
        house = host.houses[sheet.uscc]
        key = (sheet.uscc, sheet.month)
        limit, used = house.beds * month_last(sheet.month).day, host.nights.get(key, 0)
        bar = (house.barred_from, house.barred_until)
        if sheet.payer == sheet.host:
            return self.adjudicate(sheet, day, bar, limit, used)
        # What it asks for is held until its verdicts come.
        asked = 0
        for line in sheet.lines:
            if any(one.takes_capacity for one in payer.catalogue.programmes if one.code == line.programme):
                asked += (line.last - line.first).days + 1
        held = max(0, min(asked, limit - used))
        host.nights[key] = used + held
        self.waiting.append((sheet, day, bar, limit, used, held))
        return None

    def deliver(self):
        """Decide what was forwarded, in order: [(sheet, verdicts)]."""
        for stay in self.asked:
            self.answer_stay(stay)
        self.asked = []
        decided = []
        for sheet, day, bar, limit, used, held in self.waiting:
            self.cities[sheet.host].nights[sheet.uscc, sheet.month] -= held
            decided.append((sheet, self.adjudicate(sheet, day, bar, limit, used)))
        self.waiting = []
        return decided

    def adjudicate(self, sheet, day, bar, limit, used):
        payer, host = self.cities[sheet.payer], self.cities[sheet.host]
        house = host.houses[sheet.uscc]

        def barred(night):
            return bar[0] is not None and bar[0] <= night and (bar[1] is None or night <= bar[1])

        verdicts = []
        for line in sheet.lines:
            case = Case(self, payer, sheet.host, house, line, day, barred, limit, used)
            verdict = case.decide()
            if verdict.reason == 'approved':
                self.take(payer, case.need, line, verdict, sheet)
                used += verdict.nights
                key = (sheet.uscc, sheet.month)
                host.nights[key] = host.nights.get(key, 0) + verdict.nights
            verdicts.append(verdict)
        total = sum(verdict.amount for verdict in verdicts)
        self.credit(payer, host, sheet.uscc, total)
        payer.sheets[sheet.uscc, sheet.number] = (sheet, verdicts)
        return verdicts

    def take(self, payer, need, line, verdict, sheet):
        for day in verdict.days:
            payer.claimed[line.person, need, day] = 'sheet %d of %s' % (sheet.number, sheet.uscc)
        self.count(payer, line.programme, line.person, line.first, verdict, 1)
        for index, fen in verdict.funds:
            payer.fund_fen[payer.catalogue.funds[index]] -= fen

    @staticmethod
    def count(payer, programme, person, day, verdict, sign):
        """What a line uses up of the caps."""
        month = month_first(day)
        if verdict.programme.programme_cap:
            key = (programme, month)
            payer.programme_used[key] = payer.programme_used.get(key, 0) + sign * verdict.amount
        if verdict.programme.person_month_cap:
            key = (person, month)
            payer.person_used[key] = payer.person_used.get(key, 0) + sign * verdict.amount

    @staticmethod
    def credit(payer, host, uscc, fen):
        if payer is host:
            payer.add('payable/institution/%s/local' % uscc, fen)
        else:
            payer.add('payable/city/%d' % host.region, fen)
            host.add('receivable/city/%d' % payer.region, fen)
            host.add('payable/institution/%s/remote' % uscc, fen)

    def reverse(self, region, uscc, number, index):
        """Take back an approved line: exactly its days, nights, caps and money are free again."""
        payer = self.cities[region]
        sheet, verdicts = payer.sheets[uscc, number]
        line, verdict = sheet.lines[index], verdicts[index]
        need = payer.catalogue.need_of(line.programme)
        for day in verdict.days:
            del payer.claimed[line.person, need, day]
            payer.freed.add((line.person, need, day))
        self.count(payer, line.programme, line.person, line.first, verdict, -1)
        for fund, fen in self.funds_of(payer, verdict):
            payer.fund_fen[fund] += fen
        host = self.cities[sheet.host]
        host.nights[uscc, sheet.month] -= verdict.nights
        self.credit(payer, host, uscc, -verdict.amount)

    @staticmethod
    def funds_of(payer, verdict):
        return [(payer.catalogue.funds[index], fen) for index, fen in verdict.funds]

    # --- runs -------------------------------------------------------------------------------------------------------------

    def run(self, region, month, programme, name):
        """[(person, verdict)] of whom a run pays, in order of code; None: it is refused."""
        city = self.cities[region]
        version = city.catalogue.run_version(programme, month)
        if version is None:
            return None
        paid = []
        for code in sorted(city.persons):
            verdict = runs.decide(city, city.persons[code], version, month)
            if verdict is None:
                continue
            city.paid[programme, month, code] = name
            self.count(city, programme, code, month, verdict, 1)
            for index, fen in verdict.funds:
                city.fund_fen[city.catalogue.funds[index]] -= fen
            city.add('payable/run/%s' % name, verdict.amount)
            paid.append((code, verdict))
        city.runs[name] = (programme, month, paid)
        return paid

    def reverse_run(self, region, name, line):
        city = self.cities[region]
        programme, month, paid = city.runs[name]
        code, verdict = paid[line]
        del city.paid[programme, month, code]
        self.count(city, programme, code, month, verdict, -1)
        for fund, fen in self.funds_of(city, verdict):
            city.fund_fen[fund] += fen
        city.add('payable/run/%s' % name, -verdict.amount)


def has_days(first, last):
    return last is None or last >= first


def overlap(first_a, last_a, first_b, last_b):
    if not has_days(first_a, last_a) or not has_days(first_b, last_b):
        return False
    return (last_b is None or first_a <= last_b) and (last_a is None or first_b <= last_a)


def first_common_night(stays, first, last):
    """The first night that one of the stays and first..last both have; None if there is none."""
    nights = [max(first, stay.first) for stay in stays if overlap(stay.first, stay.last, first, last)]
    return min(nights) if nights else None
