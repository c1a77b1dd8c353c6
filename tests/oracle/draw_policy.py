"""Catalogues by chance, in the language of docs/policy.md and within its bounds."""
from dataclasses import replace
from datetime import timedelta

from model import Band, Catalogue, ONE_DAY, Programme, month_last

NEEDS = ('bed', 'service', 'care', 'old_age')
# code -> (need, how it is paid)
CODES = {
    'bed_subsidy': ('bed', 'institution'),
    'bed_extra': ('bed', 'institution'),
    'service_subsidy': ('service', 'either'),
    'service_basic': ('service', 'institution'),
    'nursing_subsidy': ('care', 'either'),
    'nursing_basic': ('care', 'institution'),
    'disabled_allowance': ('care', 'card'),
    'old_age_allowance': ('old_age', 'card'),
    'old_age_stay': ('old_age', 'institution'),
    'service_card': ('service', 'card'),
}
AGES = (60, 65, 70, 75, 80, 85, 90, 95, 100)
FLAGS = ('disabled', 'family_planning', 'severely_disabled')
INCOMES = ('destitute', 'minimum', 'low', 'other')


def amount(rng):
    return rng.choice((5000, 10000, 20000, 30000, 8000, 3333, rng.randint(1, 99), rng.randint(100, 99999)))


def some_day(rng, first, last):
    """A day of the span; often one on which something may go wrong: the first or last day of a month."""
    day = first + timedelta(days=rng.randint(0, (last - first).days))
    kind = rng.random()
    if kind < 0.2:
        return max(first, day.replace(day=1))
    if kind < 0.3:
        return min(last, month_last(day))
    return day


class PolicyDraw:
    def __init__(self, rng, first, last):
        self.rng, self.first, self.last = rng, first, last

    def chance(self, share):
        return self.rng.random() < share

    def bands(self, age_min, level_min, level_max, by_age, by_level):
        ages = [age_min]
        if by_age:
            ages += sorted(self.rng.sample([age for age in AGES if age > age_min], self.rng.randint(1, 3)))
        levels = [level_min]
        if by_level:
            levels += sorted(self.rng.sample(range(level_min + 1, level_max + 1), self.rng.randint(1, level_max - level_min)))
        bands = []
        for i, age in enumerate(ages):
            age_to = ages[i + 1] - 1 if i + 1 < len(ages) else 150
            for k, level in enumerate(levels):
                level_to = levels[k + 1] - 1 if k + 1 < len(levels) else level_max
                # Edges that nobody can reach may be left out.
                bands.append(Band(amount(self.rng), 0 if i == 0 and self.chance(0.5) else age, age_to,
                                  0 if k == 0 and self.chance(0.5) else level,
                                  4 if k + 1 == len(levels) and self.chance(0.5) else level_to))
        self.rng.shuffle(bands)
        return bands

    def version(self, city, code, first, last, payer, others, district, takes_capacity):
        need, paid = CODES[code]
        rng, card = self.rng, paid == 'card'
        guests = payer == 'host'  # of whom nothing but grants and levels is known
        programme = Programme(
            code=code, effective_from=first, effective_until=last, need=need, accrues='month' if card else 'day',
            unit='bed_month' if need == 'bed' and self.chance(0.8) else 'person_month', payer=payer, paid_to=paid,
            starts=rng.choice(('day', 'month', 'next_month')), bands=[], district=district,
            funds=rng.sample(city['funds'], rng.randint(1, min(4, len(city['funds'])))),
            portable=self.chance(0.85), needs_stay=not card, takes_capacity=takes_capacity,
            claim_deadline_days=rng.choice((5, 20, 30, 60, 60, 90)))
        programme.needs_grant = paid == 'either' or self.chance(0.7 if card else 0.15)
        if paid == 'either' and self.chance(0.2):
            programme.paid_to = 'institution'
        if programme.portable and self.chance(0.15):
            programme.regions = rng.sample(others, rng.randint(1, len(others)))
        if not guests:
            programme.age_min = rng.choice((0, 0, 0, 0, 60, 65, 70))
            if need == 'old_age':
                programme.age_min = rng.choice((70, 80))
            if self.chance(0.3):
                programme.income = rng.sample(INCOMES, rng.randint(2, 3))
            if self.chance(0.25):
                programme.age_or = rng.choice((75, 80, 85, 150))
                programme.flag_or = rng.sample(FLAGS, rng.randint(1, 3))
        if need != 'old_age':
            programme.needs_assessment = self.chance(0.6)
        if programme.needs_assessment and self.chance(0.3):
            programme.level_min = rng.choice((0, 1, 2))
            programme.level_max = rng.choice((3, 4))
        by_level = self.chance(0.7) if programme.needs_assessment else self.chance(0.1)
        by_age = not guests and self.chance(0.7 if need == 'old_age' else 0.2)
        programme.bands = self.bands(programme.age_min, programme.level_min, programme.level_max, by_age, by_level)
        self.limit(programme, card)
        return programme

    def limit(self, programme, card):
        rng = self.rng
        if self.chance(0.15):
            programme.price_ceiling = max(1, rng.choice(programme.bands).amount * rng.randint(50, 120) // 100)
        if not card and self.chance(0.12):
            programme.quantity_cap_days = rng.choice((1, 10, 15, 20, 28, 30, 31))
        if self.chance(0.12):
            programme.programme_cap = rng.choice(programme.bands).amount * rng.randint(2, 30)
        if self.chance(0.15):
            programme.person_month_cap = max(1, rng.choice(programme.bands).amount * rng.randint(50, 200) // 100)

    def spans(self, cuts):
        """The time cut at these days, sometimes with a gap."""
        spans = []
        first = self.first - timedelta(days=self.rng.choice((0, 400)))
        for cut in sorted(set(cuts)):
            if cut <= first:
                continue
            last = cut - ONE_DAY
            if self.chance(0.1):
                last -= timedelta(days=self.rng.randint(1, 5))
            if last >= first:
                spans.append((first, last))
            first = cut
        spans.append((first, None if self.chance(0.8) else self.last + timedelta(days=self.rng.randint(-20, 5))))
        return [(a, b) for a, b in spans if b is None or a <= b]

    def catalogue(self, region, districts, others):
        rng = self.rng
        city = {'funds': rng.sample(('fiscal', 'lottery', 'central', 'district', 'insurance'), rng.randint(1, 4))}
        catalogue = Catalogue(region, 1, self.first - timedelta(days=400), city['funds'], [])
        # Of one need one payer on a day, in the city and in its districts alike.
        payers = {}
        for need in NEEDS:
            turn = some_day(rng, self.first, self.last) if self.chance(0.2) else None
            payers[need] = (rng.choice(('home', 'home', 'home', 'host')), turn, rng.choice(('home', 'host')))
        for code, (need, paid) in CODES.items():
            if not self.chance(0.75):
                continue
            capacity = need == 'bed' and self.chance(0.75)
            payer, turn, then = payers[need]
            places = [0] + (rng.sample(districts, 1) if paid != 'card' and self.chance(0.3) else [])
            for place in places:
                cuts = [some_day(rng, self.first, self.last) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
                for first, last in self.spans(cuts + ([turn] if turn else [])):
                    if turn and first >= turn:
                        payer_then = then
                    else:
                        payer_then = payer
                    catalogue.programmes.append(
                        self.version(city, code, first, last, payer_then, others, place, capacity))
        if not catalogue.programmes:
            return self.catalogue(region, districts, others)
        rng.shuffle(catalogue.programmes)
        codes = sorted({one.code for one in catalogue.programmes})
        for one in catalogue.programmes:
            if self.chance(0.25) and len(codes) > 1:
                barred = [code for code in codes if code != one.code]
                one.excludes = rng.sample(barred, rng.randint(1, min(2, len(barred))))
        return catalogue

    def successor(self, catalogue, day):
        """A later catalogue: what was in force stays as it was, a programme gets other figures from a day on."""
        rng = self.rng
        programmes = list(catalogue.programmes)
        for index, old in enumerate(programmes):
            if old.effective_until is None and old.effective_from < day and self.chance(0.4):
                programmes[index] = replace(old, effective_until=day - ONE_DAY)
                bands = [replace(band, amount=amount(rng)) for band in old.bands]
                programmes.append(replace(old, effective_from=day, bands=bands))
        if self.chance(0.5):
            programmes.insert(0, programmes.pop())
        return Catalogue(catalogue.region, catalogue.version + 1, day, catalogue.funds, programmes)
