"""A world by chance: catalogues, people, houses, and some months of what happens to them, as a script of steps.

The steps are drawn beside the oracle's own world, so that what is drawn makes sense: lines are claimed of stays that are there, and what is
taken back was approved.
"""
import random
from datetime import date, timedelta

from draw_policy import CODES, FLAGS, INCOMES, PolicyDraw, some_day
from model import Line, ONE_DAY, Sheet, month_first, month_last, next_month
from numbers_ import id_number, uscc
from rules import birthday_in, home_of, person_code
from script import tell
from world import World

DISTRICTS = {510100: (510104, 510105, 510107), 500000: (500103, 500106, 500231), 510800: (510802, 510811), 511300: (511302, 511304)}


class Draw:
    def __init__(self, seed, persons):
        rng = self.rng = random.Random(seed)
        self.first = date(rng.randint(2024, 2027), rng.randint(1, 12), 1)
        self.months = [self.first]
        for _ in range(2):
            self.months.append(next_month(self.months[-1]))
        self.last = month_last(self.months[-1])
        self.regions = sorted(rng.sample(sorted(DISTRICTS), rng.choice((2, 2, 3))))
        self.policies = PolicyDraw(rng, self.first, self.last)
        self.catalogues = [self.policies.catalogue(region, DISTRICTS[region], [one for one in self.regions if one != region])
                           for region in self.regions]
        self.start = self.first - timedelta(days=10)
        self.day = self.start
        self.world = World(self.catalogues)
        self.steps = []
        self.expected = []
        self.persons_count = persons
        self.homes = {}      # number of a person -> home
        self.births = {}
        self.houses = {region: [] for region in self.regions}
        self.sheet_number = 0
        self.references = 0
        self.plans = {}      # number of a person -> [(uscc, first, last)] that are to come
        self.opened = set()
        self.runs = []
        self.runs_back = set()
        self.story()

    # --- telling ----------------------------------------------------------------------------------------------------------

    def chance(self, share):
        return self.rng.random() < share

    def do(self, kind, region, **values):
        if 'rows' in values and not values['rows']:
            return None
        step = dict(values, do=kind, region=region, day=self.day)
        self.steps.append(step)
        expected = tell(self.world, len(self.steps) - 1, step)
        self.expected.append(expected)
        return expected

    def deliver(self):
        self.do('deliver', None)

    def code(self, who):
        return self.world.codes[who]

    def of_home(self, region):
        return [who for who, home in self.homes.items() if home == region]

    # --- the beginning ----------------------------------------------------------------------------------------------------

    def story(self):
        for region in self.regions:
            self.draw_houses(region)
            self.draw_persons(region)
            self.draw_funds(region, True)
        self.deliver()
        for region in self.regions:
            self.draw_filings(region)
            self.draw_assessments(region, self.of_home(region))
            self.draw_grants(region, 0.9)
        self.deliver()
        for who in self.homes:
            self.plan_stays(who)
        for month in self.months:
            self.at(month)
            self.draw_funds_again()
            self.open_stays(month)
            self.at(month + timedelta(days=self.rng.randint(5, 25)))
            self.middle(month)
            self.at(next_month(month) + timedelta(days=self.rng.randint(0, 6)))
            self.draw_runs(month)
            self.draw_claims(month, 0.55, False)
            self.corrections()
            self.at(self.day + timedelta(days=self.rng.randint(1, 14)))
            self.late_news(month)
            self.draw_claims(month, 0.3, True)
        for wait in (20, 40):
            self.at(self.day + timedelta(days=self.rng.randint(1, wait)))
            self.corrections()
            month = self.rng.choice(self.months)
            self.draw_claims(month, 0.3, True)
            self.draw_runs(month)

    def at(self, day):
        self.day = max(self.day, day)

    def draw_houses(self, region):
        rows = []
        for index in range(self.rng.randint(2, 4)):
            district = self.rng.choice(DISTRICTS[region] + (region,))
            serial = self.rng.randint(1, 99) * 100 + index
            rows.append((uscc('52', region, serial), 'house%d-%d' % (region, index), district,
                         self.rng.choice((2, 3, 5, 8, 12, 20, 30, 60))))
        self.houses[region] = [row[0] for row in rows]
        self.do('houses', region, rows=rows)

    def birth(self):
        """Often somebody whose birthday, at an age that rules ask for, is in these months; some are born on 29 February."""
        rng = self.rng
        age = rng.choice((60, 65, 70, 75, 80, 80, 85, 90, 95, 100))
        if self.chance(0.07):
            return date(rng.choice((1924, 1928, 1932, 1936, 1940, 1944, 1948, 1952, 1956, 1960)), 2, 29)
        if self.chance(0.4):
            return birthday_in(some_day(rng, self.first - timedelta(days=40), self.last + timedelta(days=40)), self.first.year - age)
        year = self.first.year - rng.randint(58, 103)
        return some_day(rng, date(year, 1, 1), date(year, 12, 31))

    def draw_persons(self, region):
        rows = []
        divisions = DISTRICTS[region]
        for index in range(self.persons_count):
            who = len(self.homes)
            self.homes[who], self.births[who] = region, self.birth()
            flags = [flag for flag in FLAGS if self.chance(0.25)]
            rows.append((who, self.births[who], self.rng.choice(INCOMES), flags,
                         id_number(divisions[index % len(divisions)], self.births[who], index + 1)))
        self.do('persons', region, rows=rows)

    def draw_funds(self, region, begin):
        city = self.world.cities[region]
        for fund in city.catalogue.funds:
            if begin and self.chance(0.15):
                continue
            self.references += 1
            fen = self.rng.choice((1, 3, 10, 30)) * self.persons_count * 1000 + self.rng.randint(1, 9999)
            self.do('fund', region, fund=fund, fen=fen, reference='ref-%d' % self.references)

    def draw_funds_again(self):
        for region in self.regions:
            if self.chance(0.6):
                self.draw_funds(region, True)

    def draw_filings(self, region):
        others = [one for one in self.regions if one != region]
        rows = []
        for who in self.of_home(region):
            for host in others:
                if self.chance(0.45):
                    first = self.first - timedelta(days=self.rng.randint(0, 200))
                    if self.chance(0.2):
                        first = some_day(self.rng, self.first, self.last)
                    last = None if self.chance(0.8) else some_day(self.rng, first, max(first, self.last))
                    rows.append((who, host, first, last))
                    if last and self.chance(0.3):  # one day too early, or the next one
                        rows.append((who, host, last + timedelta(days=self.rng.randint(0, 3)), None))
        self.do('filings', region, rows=rows)

    def assessment(self, who, first):
        last = first + timedelta(days=self.rng.choice((364, 364, 364, 364, 364, 90, 30)))
        if self.chance(0.3):
            flags = [flag for flag in ('dementia', 'coma', 'accidents') if self.chance(0.15)]
            score = self.rng.choice((90, 89, 66, 65, 46, 45, 30, 29, 0, self.rng.randint(0, 90)))
            return (who, first, last, None, score, flags)
        return (who, first, last, self.rng.randint(0, 4), None, [])

    def draw_assessments(self, region, persons):
        rows = []
        for who in persons:
            if self.chance(0.9):
                rows.append(self.assessment(who, self.first - timedelta(days=self.rng.randint(0, 300))))
        self.do('assessments', region, rows=rows)
        rows = [self.assessment(who, some_day(self.rng, self.first, self.last)) for who in persons if self.chance(0.2)]
        self.do('assessments', region, rows=rows)

    def draw_grants(self, region, share):
        """Grants of what needs one, at home or with the host; a few of other things, and some wrong ones."""
        codes = {}
        for city in self.world.cities.values():
            for programme in city.catalogue.programmes:
                codes.setdefault(programme.code, []).append(programme)
        own = {programme.code for programme in self.world.cities[region].catalogue.programmes}
        rows = []
        for who in self.of_home(region):
            person = self.world.persons[self.code(who)]
            for code in sorted(codes):
                wanted = share if any(programme.needs_grant for programme in codes[code]) else 0.03
                if CODES[code][1] == 'card':
                    wanted *= 0.5
                # Other cities keep four grants of a person at hand; home keeps all.
                most = 4 if person.filings else 8
                if not self.chance(wanted) or len(person.grants) + sum(1 for row in rows if row[1] == who) >= most:
                    continue
                first = self.first - timedelta(days=self.rng.randint(0, 300))
                if self.chance(0.12):
                    first = some_day(self.rng, self.first, self.last)
                last = None if self.chance(0.85) else some_day(self.rng, first, max(first, self.last))
                paid = {'card': 'card', 'institution': 'institution'}.get(CODES[code][1])
                if paid is None or self.chance(0.03):
                    paid = 'card' if self.chance(0.2) else 'institution'
                draw_region = self.rng.choice([one for one in self.regions if one != region]) if self.chance(0.1) else 0
                if code not in own:  # what only the host has is granted for there
                    hosts = [one for one in self.regions if self.world.cities[one].catalogue.need_of(code)]
                    draw_region = self.rng.choice(hosts)
                rows.append(('give', who, code, first, last, paid, draw_region))
                if last and self.chance(0.3):
                    rows.append(('give', who, code, last + timedelta(days=self.rng.randint(0, 3)), None, paid, draw_region))
        self.do('grants', region, rows=rows)

    # --- stays ------------------------------------------------------------------------------------------------------------

    def plan_stays(self, who):
        """One stay after the other, at home and where the person is filed; some overlap."""
        rng, home = self.rng, self.homes[who]
        person = self.world.persons[self.code(who)]
        hosts = [home, home] + [filing.host for filing in person.filings] * 2
        if self.chance(0.03):
            hosts = [rng.choice(self.regions)]
        self.plans[who] = []
        if self.chance(0.15):
            return
        day = self.first - timedelta(days=rng.randint(0, 60)) if self.chance(0.7) else some_day(rng, self.first, self.last)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            if day > self.last:
                break
            last = None
            if self.chance(0.5):
                last = some_day(rng, max(day, self.first), self.last + timedelta(days=20))
            self.plans[who].append((rng.choice(self.houses[rng.choice(hosts)]), day, last))
            if last is None:
                break
            day = last + timedelta(days=rng.choice((1, 1, 1, 2, 10)))
            if self.chance(0.08):
                day -= timedelta(days=rng.randint(1, 10))

    def host_of(self, house):
        return next(region for region in self.regions if house in self.houses[region])

    def open_stays(self, month):
        """What begins by the end of the month; some are opened without an end and closed when it comes."""
        for region in self.regions:
            rows = []
            for who, plan in self.plans.items():
                for index, (house, first, last) in enumerate(plan):
                    if self.host_of(house) != region or first > month_last(month) or (who, index) in self.opened:
                        continue
                    self.opened.add((who, index))
                    rows.append(('open', house, who, first, last if self.chance(0.6) else None))
            self.do('stays', region, rows=rows)
            self.deliver()

    def close_stays(self, month):
        for region in self.regions:
            rows = []
            for who, plan in self.plans.items():
                for index, (house, first, last) in enumerate(plan):
                    if self.host_of(house) != region or (who, index) not in self.opened or last is None:
                        continue
                    stay = next((one for one in self.world.stays_of(self.code(who)) if one.uscc == house and one.first == first), None)
                    if stay and stay.last is None and last <= month_last(month):
                        rows.append(('close', house, who, first, last))
            for who in self.homes:  # somebody leaves earlier than was said, or moves
                for stay in list(self.world.stays_of(self.code(who))):
                    if stay.uscc in self.houses[region] and self.chance(0.04):
                        last = max(stay.first, some_day(self.rng, month, month_last(month)))
                        rows.append(('close', stay.uscc, who, stay.first, last))
                        if self.chance(0.5):
                            rows.append(('open', self.rng.choice(self.houses[region]), who, last + ONE_DAY, None))
            self.do('stays', region, rows=rows)
            self.deliver()

    # --- what happens in a month ------------------------------------------------------------------------------------------

    def middle(self, month):
        rng = self.rng
        for region in self.regions:
            if self.chance(0.12):
                self.do('standing', region, uscc=rng.choice(self.houses[region]), first=some_day(rng, month, month_last(month)),
                        verb=rng.choice(('suspend', 'blacklist', 'restore', 'redlist')))
            for house in self.houses[region]:
                if self.world.cities[region].houses[house].barred_from and self.chance(0.7):
                    self.do('standing', region, uscc=house, first=some_day(rng, month, month_last(month)),
                            verb=rng.choice(('restore', 'redlist', 'blacklist')))
            if self.chance(0.3):
                self.do('beds', region, uscc=rng.choice(self.houses[region]), beds=rng.choice((1, 2, 4, 10, 40)))
            if self.chance(0.25):
                old = self.world.cities[region].catalogue
                self.do('policy', region, catalogue=self.policies.successor(old, some_day(rng, month, month_last(month))))
        self.deliver()
        for region in self.regions:
            self.draw_grants(region, 0.05)
            self.stop_grants(region, month)
            self.draw_changes(region, month, 0.04)
            self.refile(region, month)
        self.deliver()
        for region in self.regions:
            self.reassess(region, month)
            self.deliver()  # home books in the order in which it hears of them
        self.close_stays(month)
        if self.chance(0.3):
            self.draw_claims(month, 0.1, True)

    def stop_grants(self, region, month):
        rows = []
        for who in self.of_home(region):
            for grant in self.world.persons[self.code(who)].grants:
                if self.chance(0.04):
                    last = some_day(self.rng, month, month_last(month))
                    if self.chance(0.2):
                        last = grant.first - ONE_DAY  # as if it had never been, and perhaps given to the other payee
                    if last >= grant.first - ONE_DAY:
                        rows.append(('stop', who, grant.programme, grant.first, last, grant.paid_to, grant.region))
                        other = 'institution' if grant.paid_to == 'card' else 'card'
                        if last < grant.first and CODES[grant.programme][1] == 'either':
                            rows.append(('give', who, grant.programme, grant.first, None, other, grant.region))
        self.do('grants', region, rows=rows)

    def draw_changes(self, region, month, share):
        rows = []
        for who in self.of_home(region):
            if self.chance(share):
                kind = self.rng.random()
                if kind < 0.6:
                    rows.append((who, min(self.day, some_day(self.rng, month, month_last(month))), None, None))
                elif kind < 0.7:
                    rows.append((who, 'none', None, None))
                elif kind < 0.85:
                    rows.append((who, None, self.rng.choice(INCOMES), None))
                else:
                    rows.append((who, None, None, [flag for flag in FLAGS if self.chance(0.4)]))
        self.do('changes', region, rows=rows)

    def reassess(self, region, month):
        """A level that changes: at home, or by the host with which somebody is filed. At most four of a person."""
        rows = []
        for who in self.homes:
            person = self.world.persons[self.code(who)]
            if len(person.assessments) >= 4 or not self.chance(0.06):
                continue
            first = some_day(self.rng, month, month_last(month))
            if self.chance(0.2):  # one that may be over, and still ends what came before
                first -= timedelta(days=self.rng.randint(30, 200))
            if person.home == region or (person.filings and person.filings[0].host == region and self.chance(0.3)):
                rows.append(self.assessment(who, first))
        self.do('assessments', region, rows=rows)

    def refile(self, region, month):
        rows = []
        for who in self.of_home(region):
            for filing in self.world.persons[self.code(who)].filings:
                if self.chance(0.03):
                    last = some_day(self.rng, max(filing.first, month), max(filing.first, month_last(month)))
                    rows.append((who, filing.host, filing.first, last if self.chance(0.7) else None))
        self.do('filings', region, rows=rows)

    def late_news(self, month):
        """What becomes known when claims were paid already."""
        for region in self.regions:
            self.draw_changes(region, month, 0.03)
            self.reassess(region, month)
            if self.chance(0.07):
                self.do('standing', region, uscc=self.rng.choice(self.houses[region]), first=some_day(self.rng, month, month_last(month)),
                        verb=self.rng.choice(('suspend', 'restore')))
            self.deliver()
        self.close_stays(month)

    # --- money ------------------------------------------------------------------------------------------------------------

    def draw_runs(self, month):
        for region in self.regions:
            codes = sorted({one.code for one in self.world.cities[region].catalogue.programmes if one.paid_to in ('card', 'either')})
            for code in codes:
                if self.chance(0.6):
                    name = '%s-%d' % (code.replace('_', '-')[:20], len(self.steps))
                    expected = self.do('run', region, month=month, programme=code, name=name)
                    if expected is not None:
                        self.runs.append((region, month, code, name, expected))

    def codes_for(self, person, host, month):
        """Programmes to claim in a month: mostly such as are in force then."""
        cities = [self.world.cities[host].catalogue, self.world.cities[person.home].catalogue]
        return sorted({one.code for catalogue in cities for one in catalogue.programmes
                       if (one.paid_to != 'card' and (one.holds_on(month) or one.holds_on(month_last(month)))) or self.chance(0.03)})

    def draw_claims(self, month, share, faulty):
        for region in self.regions:
            sheets = []
            for house in self.houses[region]:
                by_payer = {}
                for line in self.lines_of(region, house, month, share, faulty):
                    by_payer.setdefault(self.payer_of(line, region, house), {}).setdefault(line.order(), line)
                for payer in sorted(by_payer):
                    lines = sorted(by_payer[payer].values(), key=Line.order)
                    self.sheet_number += 1
                    sheets.append(Sheet(house, self.sheet_number, region, payer, month, lines))
            if sheets:
                self.do('claims', region, sheets=sheets)
                self.deliver()

    def payer_of(self, line, host, house):
        """As the catalogues say for the first day; sometimes wrong."""
        if self.chance(0.01):
            return self.rng.choice(self.regions)
        host_city = self.world.cities[host]
        version = host_city.catalogue.versions_on(line.programme, line.first, host_city.houses[house].district)
        if version and version.payer == 'host':
            return host
        home = home_of(line.person)
        return home if home in self.regions else host

    def lines_of(self, host, house, month, share, faulty):
        last = month_last(month)
        lines = []
        for who in self.homes:
            person = self.world.persons[self.code(who)]
            spans = []
            for stay in self.world.stays_of(person.code):
                if stay.uscc == house:
                    first_night, last_night = max(stay.first, month), min(stay.last or last, last)
                    if first_night <= last_night:
                        spans.append((first_night, last_night))
            if faulty and self.chance(0.01):
                spans.append((month, last))
            for first_night, last_night in spans:
                for code in self.codes_for(person, host, month):
                    if self.chance(share):
                        lines += self.cut_up(person, code, first_night, last_night, faulty)
        if self.chance(0.1):
            serial = self.rng.randint(9000, 9999)
            code = person_code(self.rng.choice(self.regions), serial)
            if self.chance(0.5):
                code = code // 10 * 10 + (code + 1) % 10
            lines.append(Line(code, self.rng.choice(sorted(CODES)), month, last, None))
        return lines

    def cut_up(self, person, code, first, last, faulty):
        """The nights of a stay as one line or more, mostly right."""
        rng = self.rng
        month, end = month_first(first), month_last(first)
        spans = [(first, last)]
        if self.chance(0.2):
            turn = first + timedelta(days=rng.randint(0, (last - first).days))
            spans = [(first, turn)]
            if turn < last:
                spans.append((turn + ONE_DAY, last))
            rng.shuffle(spans)
            spans = spans[:rng.randint(1, 2)]
        lines = []
        for a, b in spans:
            death = person.facts.death
            if death and death >= a and self.chance(0.7):
                b = min(b, death - timedelta(days=rng.choice((0, 1))))
            if self.chance(0.12 if faulty else 0.04):
                a = max(month, a - timedelta(days=rng.randint(0, 3)))
                b = min(end, b + timedelta(days=rng.randint(0, 3)))
            if self.chance(0.15):
                a = some_day(rng, a, max(a, b))
            asked = None
            if self.chance(0.2):
                asked = rng.choice((0, 1, 5000, 10000, rng.randint(1, 40000)))
            if a <= b:
                lines.append(Line(person.code, code, a, b, asked))
        return lines

    # --- corrections ------------------------------------------------------------------------------------------------------

    def corrections(self):
        """Approved lines are taken back, and some of them claimed again, shorter."""
        rng = self.rng
        for region in self.regions:
            city = self.world.cities[region]
            standing = [(key, index) for key, (sheet, verdicts) in city.sheets.items() for index, verdict in enumerate(verdicts)
                        if verdict.reason == 'approved' and (region, key, index) not in self.taken_back()]
            again = {}
            paid = [(name, line) for at, _, _, name, expected in self.runs if at == region for line in range(len(expected))
                    if (region, name, line) not in self.runs_back]
            for name, line in rng.sample(paid, min(len(paid), rng.choice((0, 0, 1, 3)))):
                self.runs_back.add((region, name, line))
                self.do('reverse_run', region, name=name, line=line)
            for (house, number), index in rng.sample(standing, min(len(standing), rng.randint(0, 8))):
                self.do('reverse', region, uscc=house, number=number, line=index)
                sheet = city.sheets[house, number][0]
                if self.chance(0.7):
                    line = sheet.lines[index]
                    last = line.last - timedelta(days=rng.choice((0, 0, 1, 5)))
                    if last >= line.first:
                        again.setdefault((sheet.host, house, sheet.month), []).append(
                            Line(line.person, line.programme, line.first, last, line.asked))
            self.deliver()
            for (host, house, month), lines in sorted(again.items()):
                by_order = {}
                for line in lines:
                    by_order.setdefault(line.order(), line)
                self.sheet_number += 1
                self.do('claims', host, sheets=[Sheet(house, self.sheet_number, host, region, month,
                                                      sorted(by_order.values(), key=Line.order))])
                self.deliver()

    def taken_back(self):
        return {(step['region'], (step['uscc'], step['number']), step['line']) for step in self.steps if step['do'] == 'reverse'}
