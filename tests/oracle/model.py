"""What the oracle knows: catalogues, persons, houses, stays, and the books of each city. Plain data, no rules.

Written from docs/policy.md and docs/settlement.md, not from the program's source. Days are datetime.date, money is whole fen, and
everything is kept in the most naive way: lists in the order in which things were booked, sets of (person, need, day).
"""
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Optional

ONE_DAY = timedelta(days=1)


def days_between(first, last):
    """Every day from first to last, both inclusive."""
    days = []
    day = first
    while day <= last:
        days.append(day)
        day += ONE_DAY
    return days


@lru_cache(maxsize=None)
def month_first(day):
    return day.replace(day=1)


@lru_cache(maxsize=None)
def month_last(day):
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - ONE_DAY


def next_month(day):
    return month_last(day) + ONE_DAY


@dataclass
class Band:
    amount: int
    age_from: int = 0
    age_to: int = 150
    level_from: int = 0
    level_to: int = 4


@dataclass
class Programme:
    """One version of a programme: the fields of docs/policy.md."""
    code: str
    effective_from: date
    effective_until: Optional[date]
    need: str
    accrues: str
    unit: str
    payer: str
    paid_to: str
    starts: str
    bands: list
    funds: list
    district: int = 0
    portable: bool = False
    regions: list = field(default_factory=list)
    needs_grant: bool = False
    needs_stay: bool = False
    needs_assessment: bool = False
    takes_capacity: bool = False
    age_min: int = 0
    level_min: int = 0
    level_max: int = 4
    income: list = field(default_factory=list)
    age_or: int = 0
    flag_or: list = field(default_factory=list)
    price_ceiling: int = 0
    quantity_cap_days: int = 0
    programme_cap: int = 0
    person_month_cap: int = 0
    claim_deadline_days: int = 60
    excludes: list = field(default_factory=list)

    def holds_on(self, day):
        return self.effective_from <= day and (self.effective_until is None or day <= self.effective_until)

    def asks_level(self):
        return self.level_min > 0 or self.level_max < 4 or any(band.level_from > 0 or band.level_to < 4 for band in self.bands)

    def asks_age(self):
        return self.age_min > 0 or self.age_or > 0 or \
            any(band.age_from > 0 or band.age_to < 150 for band in self.bands)

    def asks_facts(self):
        return self.asks_age() or bool(self.income) or bool(self.flag_or)


@dataclass
class Catalogue:
    region: int
    version: int
    effective_from: date
    funds: list
    programmes: list
    entry: object = None  # which booking brought it

    def versions_on(self, code, day, district):
        """The version in force on a day: the district's own goes first. None if there is none."""
        found = None
        for programme in self.programmes:
            if programme.code == code and programme.holds_on(day):
                if programme.district == 0 and found is None:
                    found = programme
                if programme.district != 0 and programme.district == district:
                    found = programme
        return found

    def codes(self):
        return sorted({one.code for one in self.programmes})

    def run_version(self, code, month):
        """The version by which a monthly run pays: in force at the month's end, for the whole city. None: no run."""
        version = self.versions_on(code, month_last(month), 0)
        return version if version and version.paid_to in ('card', 'either') else None

    def yields(self, code, other, first, last):
        """Does every version of the programme by which an institution can claim from first to last exclude the other one?"""
        return all(other in one.excludes for one in self.programmes
                   if one.code == code and one.paid_to != 'card' and one.effective_from <= last and
                   (one.effective_until is None or first <= one.effective_until))

    def row_of(self, programme):
        return next(i for i, one in enumerate(self.programmes) if one is programme)

    def need_of(self, code):
        return next((one.need for one in self.programmes if one.code == code), None)


@dataclass
class Facts:
    birth: date
    death: Optional[date]
    income: str
    flags: frozenset
    entry: object = None


@dataclass
class Assessment:
    first: date
    last: date
    level: int
    assessor: int
    entry: object = None


@dataclass
class Grant:
    programme: str
    first: date
    last: Optional[date]
    paid_to: str
    region: int
    entry: object = None

    def holds_on(self, day):
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass
class Filing:
    host: int
    first: date
    last: Optional[date]
    entry: object = None

    def holds_on(self, day):
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass
class Person:
    number: int  # of the script
    code: int
    home: int
    facts: Facts
    assessments: list = field(default_factory=list)  # in the order of booking
    grants: list = field(default_factory=list)
    filings: list = field(default_factory=list)

    def level_on(self, day):
        """From its first day on an assessment replaces what was assessed before."""
        level = None
        for assessment in self.assessments:
            if assessment.first <= day:
                level = assessment if day <= assessment.last else None
        return level

    def filed_with(self, host, day):
        return next((filing for filing in self.filings if filing.host == host and filing.holds_on(day)), None)

    def grant_on(self, programme, day):
        return next((grant for grant in self.grants if grant.programme == programme and grant.holds_on(day)), None)


@dataclass
class House:
    uscc: str
    host: int
    district: int
    beds: int
    barred_from: Optional[date] = None  # the last bar, both inclusive
    barred_until: Optional[date] = None

    def barred_on(self, day):
        return self.barred_from is not None and self.barred_from <= day and \
            (self.barred_until is None or day <= self.barred_until)


@dataclass
class Stay:
    uscc: str
    person: int  # code
    first: date
    last: Optional[date]  # the last night; None: open
    accepted: bool
    waiting: bool = False  # for home

    def has_night(self, day):
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass
class Line:
    """A line of a sheet."""
    person: int  # code
    programme: str
    first: date
    last: date
    asked: Optional[int]

    def order(self):
        return (self.person, self.programme, self.first)


@dataclass
class Sheet:
    uscc: str
    number: int
    host: int
    payer: int
    month: date
    lines: list


@dataclass
class Verdict:
    """reason `approved` with amount, or a refusal with its figure: a day, the entry of a fact, or None."""
    reason: str
    figure: object = None
    row: Optional[int] = None
    amount: int = 0
    pieces: list = field(default_factory=list)      # (row, band, last day of month, monthly fen, entry of the level or None)
    funds: list = field(default_factory=list)       # (index of the fund, fen)
    facts: tuple = (None, None, None)               # entries of facts, grant, filing; None: not asked for
    reductions: list = field(default_factory=list)  # (reason, before, after, limit, used)
    catalogue: object = None
    why: list = field(default_factory=list)         # the oracle's reasoning, for people
    nights: int = 0       # of licensed beds that it takes
    days: list = field(default_factory=list)        # taken for the need
    programme: Optional[Programme] = None           # whose caps it counts against


@dataclass
class City:
    region: int
    catalogue: Catalogue
    persons: dict = field(default_factory=dict)      # code -> Person, the city's own
    houses: dict = field(default_factory=dict)       # uscc -> House
    fund_fen: dict = field(default_factory=dict)     # code -> available
    accounts: dict = field(default_factory=dict)     # other accounts -> balance
    claimed: dict = field(default_factory=dict)      # (person, need, day) -> the line that has it
    freed: set = field(default_factory=set)          # (person, need, day) once taken back
    nights: dict = field(default_factory=dict)       # (uscc, month) -> nights taken, at the host
    programme_used: dict = field(default_factory=dict)  # (programme, month) -> fen
    person_used: dict = field(default_factory=dict)     # (person, month) -> fen, programmes that name a cap
    paid: dict = field(default_factory=dict)            # (programme, month, person) -> run
    runs: dict = field(default_factory=dict)            # name -> (programme, month, [(person, verdict)])
    sheets: dict = field(default_factory=dict)          # (uscc, number) -> (sheet, [verdict])

    def add(self, account, fen):
        self.accounts[account] = self.accounts.get(account, 0) + fen


def date_number(day):
    """Days since 1970-01-01, as the program's entries have them."""
    return day.toordinal() - date(1970, 1, 1).toordinal()
