"""A script again with one person only: everybody stays registered, so that codes are the same, but nothing else happens to the others."""
from dataclasses import replace

from script import tell
from world import World


class Told:
    """A script and what the oracle expects of it."""

    def __init__(self, catalogues, start):
        self.catalogues, self.start = catalogues, start
        self.regions = [catalogue.region for catalogue in catalogues]
        self.world = World(catalogues)
        self.steps, self.expected, self.runs = [], [], []

    def do(self, step):
        self.steps.append(step)
        expected = tell(self.world, len(self.steps) - 1, step)
        self.expected.append(expected)
        if step['do'] == 'run' and expected is not None:
            self.runs.append((step['region'], step['month'], step['programme'], step['name'], expected))


# Where a row of a step has the person's number.
WHO = {'assessments': 0, 'filings': 0, 'changes': 0, 'grants': 1, 'stays': 2}


def only(draw, code):
    """The script of `draw` with the person `code` only."""
    told = Told(draw.catalogues, draw.start)
    who = next((number for number, one in draw.world.codes.items() if one == code), None)
    for step in draw.steps:
        kind = step['do']
        if kind in WHO:
            rows = [row for row in step['rows'] if row[WHO[kind]] == who]
            if rows:
                told.do(dict(step, rows=rows))
        elif kind == 'claims':
            sheets = []
            for sheet in step['sheets']:
                lines = [line for line in sheet.lines if line.person == code]
                if lines:
                    sheets.append(replace(sheet, lines=lines))
            if sheets:
                told.do(dict(step, sheets=sheets))
        elif kind == 'reverse':
            line = draw.world.cities[step['region']].sheets[step['uscc'], step['number']][0].lines[step['line']]
            sheet, verdicts = told.world.cities[step['region']].sheets.get((step['uscc'], step['number']), (None, []))
            if sheet and line in sheet.lines and verdicts[sheet.lines.index(line)].reason == 'approved':
                told.do(dict(step, line=sheet.lines.index(line)))
        elif kind == 'reverse_run':
            city = told.world.cities[step['region']]
            paid = [person for person, _ in city.runs[step['name']][2]]
            person = draw.world.cities[step['region']].runs[step['name']][2][step['line']][0]
            if person == code and person in paid:
                told.do(dict(step, line=paid.index(person)))
        else:
            told.do(step)
    return told


def in_words(told):
    """What happens in a script, but for the beginning and the carrying of documents."""
    lines = []
    for number, step in enumerate(told.steps):
        if step['do'] in ('persons', 'deliver', 'houses', 'fund'):
            continue
        values = ['%s %s' % (key, value) for key, value in step.items()
                  if key not in ('do', 'day', 'region', 'catalogue', 'sheets', 'rows')]
        values += [' '.join(str(value) for value in row) for row in step.get('rows', [])]
        for sheet in step.get('sheets', []):
            values += ['sheet %d of %s, payer %d: %s %s..%s asked %s' % (
                sheet.number, sheet.uscc, sheet.payer, line.programme, line.first, line.last, line.asked) for line in sheet.lines]
        lines.append('%d %s %s at %s: %s' % (number, step['day'], step['do'], step['region'], '; '.join(values)))
    return lines
