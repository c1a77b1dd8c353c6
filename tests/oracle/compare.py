"""What the oracle expects beside what the program decided, figure by figure."""
from datetime import date

from model import date_number

REASONS = {
    'approved': 0, 'unknown_person': 1, 'unknown_institution': 2, 'suspended': 3, 'signature': 4, 'wrong_payer': 5, 'not_in_force': 6,
    'too_late': 7, 'duplicate': 8, 'not_filed': 9, 'no_stay': 10, 'no_grant': 11, 'not_portable': 12, 'no_assessment': 13, 'level': 14,
    'age': 15, 'income_class': 16, 'excluded': 17, 'overlap': 18, 'after_death': 19, 'price_ceiling': 32, 'capacity': 33,
    'quantity_cap': 34, 'programme_cap': 35, 'person_month_cap': 36, 'fund_exhausted': 37,
}
NAMES = {number: name for name, number in REASONS.items()}
# An entry of a notice at another city than the one that was told: which one it became there, nobody here can know.
SOME_ENTRY = 'some entry'


class Entries:
    """Which entry of a city's log a row of the script became."""

    def __init__(self, engine, steps, region):
        self.engine, self.steps, self.region = engine, steps, region

    def number(self, entry):
        if entry is None:
            return 0
        region, number = self.engine.entries[entry]
        return number if region == self.region else SOME_ENTRY


def plain(verdict, entries):
    """The oracle's verdict as the program's log writes it (docs/format.md, "Verdicts")."""
    catalogue = entries.number(verdict.catalogue)
    if verdict.reason != 'approved':
        figure = verdict.figure
        if isinstance(figure, date):
            figure = date_number(figure)
        elif figure is not None:
            figure = entries.number(figure)
        return [REASONS[verdict.reason], figure, catalogue, verdict.row]
    pieces = []
    for row, band, last, monthly, level in verdict.pieces:
        pieces += [row, band, last, monthly, entries.number(level)]
    funds = [verdict.funds[0][0]] if len(verdict.funds) == 1 else [value for fund in verdict.funds for value in fund]
    raw = [0, verdict.amount, catalogue, pieces, funds, [entries.number(entry) for entry in verdict.facts]]
    if verdict.reductions:
        raw.append([REASONS.get(value, value) for reduction in verdict.reductions for value in reduction])
    return raw


def same(expected, actual):
    if isinstance(expected, list):
        return isinstance(actual, list) and len(expected) == len(actual) and all(same(a, b) for a, b in zip(expected, actual))
    if expected == SOME_ENTRY:
        return isinstance(actual, int) and actual > 0
    return expected == actual


def in_words(raw):
    """A verdict of the log for people."""
    if not raw or raw[0] != 0:
        words = NAMES.get(raw[0], str(raw[0])) if raw else 'nothing'
        figure = raw[1] if len(raw) > 1 else None
        if isinstance(figure, int) and 15000 < figure < 40000:
            figure = date.fromordinal(figure + date(1970, 1, 1).toordinal())
        return '%s %s, catalogue and row %s' % (words, figure, raw[2:])
    words = 'approved %s, catalogue %s, pieces %s, funds %s, entries %s' % tuple(raw[1:6])
    for i in range(0, len(raw[6]) if len(raw) > 6 else 0, 5):
        words += ', %s %s -> %s (limit %s, used %s)' % ((NAMES.get(raw[6][i], raw[6][i]),) + tuple(raw[6][i + 1:i + 5]))
    return words
