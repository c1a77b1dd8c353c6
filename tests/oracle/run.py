#!/usr/bin/env python3
"""Draw worlds, tell each to the program and to the oracle, and compare every verdict and every balance. See docs/oracle.md.

  run.py --suiren BINARY [--cases N] [--seed S] [--persons N] [--jobs N]     worlds until N cases are compared
  run.py --suiren BINARY --seed S --world K [--verbose]                      one world again
"""
import argparse
import collections
import os
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, FIRST_COMPLETED, wait

from compare import Entries, in_words, plain, same
from draw import Draw
from engine import Engine, Failed
from shrink import in_words as script_in_words, only

WORLDS_MAX = 100000
WORLD_CASES = 3000  # about so many has a world


def folder_for_worlds():
    """Memory if there is some: the program commits durably, and a world is thrown away."""
    return '/dev/shm' if os.access('/dev/shm', os.W_OK) else None


class Outcome:
    def __init__(self, world):
        self.world, self.counts, self.differences = world, collections.Counter(), {}
        self.person, self.shrunk = None, []  # the first one of whom something differs

    def differ(self, *lines, person=None):
        """By kind: the first line is the place, the next two what the two say."""
        kind = ' / '.join(' '.join(line.split()[:2]) for line in lines[1:3])
        self.person = self.person or person
        self.differences.setdefault(kind, []).append('\n    '.join(lines))


def compare_registers(outcome, number, step, expected, actual):
    """Verdicts on rows of registers; None where the step has none."""
    if expected is None:
        return
    for row, (one, other) in enumerate(zip(expected, actual)):
        outcome.counts['rows of registers'] += 1
        if isinstance(one, tuple):
            one = (one[0], None if one[1] is None else str(one[1]))
            if one[0] == 'pending_home':
                one = ('registered', None)
        if one != other:
            outcome.differ('step %d, %s on %s, row %d: %s' % (number, step['do'], step['day'], row, step['rows'][row]),
                           'oracle: %s' % (one,), 'engine: %s' % (other,))


def describe(world, code):
    person = world.persons.get(code)
    if person is None:
        return ['nobody']
    lines = ['%016d born %s died %s %s %s' % (code, person.facts.birth, person.facts.death, person.facts.income,
                                             ' '.join(sorted(person.facts.flags)))]
    for assessment in person.assessments:
        lines.append('  level %d %s..%s by %d' % (assessment.level, assessment.first, assessment.last, assessment.assessor))
    for grant in person.grants:
        lines.append('  grant %s %s..%s to the %s, region %d' % (grant.programme, grant.first, grant.last, grant.paid_to, grant.region))
    for filing in person.filings:
        lines.append('  filed with %d %s..%s' % (filing.host, filing.first, filing.last))
    for stay in world.stays_of(code):
        lines.append('  stay %s %s..%s%s' % (stay.uscc, stay.first, stay.last, '' if stay.accepted else ' refused'))
    return lines


def compare_sheets(outcome, draw, engine, region):
    entries = Entries(engine, draw.steps, region)
    city = draw.world.cities[region]
    booked = engine.sheets(region)
    for key, (sheet, verdicts) in city.sheets.items():
        if key not in booked:
            outcome.differ('sheet %d of %s is not in the books of %d' % (key[1], key[0], region))
            continue
        entry = engine.entry(region, booked[key])
        if len(entry['lines']) != len(sheet.lines):
            outcome.differ('sheet %d of %s has %d lines' % (key[1], key[0], len(entry['lines'])))
            continue
        for index, (line, verdict, actual) in enumerate(zip(sheet.lines, verdicts, entry['lines'])):
            expected = plain(verdict, entries)
            outcome.counts['lines of claims'] += 1
            outcome.counts[verdict.reason] += 1
            for reduction in verdict.reductions:
                outcome.counts[reduction[0]] += 1
            if not same(expected, actual['verdict']) or actual['line'][0] != line.person:
                outcome.differ(
                    'sheet %d of %s (host %d, payer %d, entry %d), line %d: %016d %s %s..%s asked %s' % (
                        key[1], key[0], sheet.host, sheet.payer, booked[key], index, line.person, line.programme, line.first, line.last,
                        line.asked),
                    'oracle: ' + in_words(expected), 'engine: ' + in_words(actual['verdict']), 'why:    ' + '; '.join(verdict.why),
                    *describe(draw.world, line.person), person=line.person)


def compare_runs(outcome, draw, engine, region):
    entries = Entries(engine, draw.steps, region)
    parts = engine.parts(region)
    for at, month, code, name, expected in draw.runs:
        if at != region:
            continue
        actual = {}
        for number in parts.get(name, []):
            for line in engine.entry(region, number)['lines'][:-1]:
                actual[line['line']] = line['verdict']
        wanted = dict(expected)
        for person in sorted(draw.world.cities[region].persons):
            outcome.counts['persons in runs'] += 1
            one = plain(wanted[person], entries) if person in wanted else None
            other = actual.get(person)
            outcome.counts['paid by runs'] += one is not None
            if one is None and other is None:
                continue
            if one is None or other is None or not same(one, other):
                outcome.differ('run %s of %d, %s %s: %016d' % (name, region, code, month.strftime('%Y-%m'), person),
                               'oracle: ' + (in_words(one) if one else 'not paid'), 'engine: ' + (in_words(other) if other else 'not paid'),
                               *describe(draw.world, person), person=person)


def compare_balances(outcome, draw, engine, region):
    city = draw.world.cities[region]
    expected = {account: fen for account, fen in city.accounts.items() if fen}
    for fund, fen in city.fund_fen.items():
        if fen:
            expected['fund/%s/available' % fund] = fen
    actual = collections.Counter()
    for account, row in engine.balances(region).items():
        if account.startswith(('payable/city/', 'receivable/city/')):
            account = '/'.join(account.split('/')[:3])
        debit = account == 'treasury' or account.startswith('receivable/')
        actual[account] += (row['debits'] - row['credits']) * (1 if debit else -1)
    for account in sorted(set(expected) | set(actual)):
        outcome.counts['balances'] += 1
        if expected.get(account, 0) != actual.get(account, 0):
            outcome.differ('balance of %s at %d' % (account, region), 'oracle: %d' % expected.get(account, 0),
                           'engine: %d' % actual.get(account, 0))


def run_told(binary, told, outcome, keep=None):
    """Tell a script to the program and compare."""
    folder = tempfile.mkdtemp(prefix='suiren-oracle-', dir=folder_for_worlds())
    try:
        engine = Engine(binary, folder)
        engine.begin(told.catalogues, told.start)
        for at, (step, expected) in enumerate(zip(told.steps, told.expected)):
            try:
                actual = engine.tell(at, step)
            except Failed as failed:
                outcome.differ('step %d, %s on %s' % (at, step['do'], step['day']), str(failed))
                return outcome
            if step['do'] in ('persons', 'assessments', 'filings', 'grants', 'stays'):
                compare_registers(outcome, at, step, expected, actual)
            if step['do'] == 'run' and actual != (expected is not None):
                outcome.differ('step %d: run %s of %s on %s' % (at, step['name'], step['programme'], step['day']),
                               'oracle: %s' % ('paid' if expected is not None else 'refused'), 'engine: %s' % actual)
        for region in told.regions:
            compare_sheets(outcome, told, engine, region)
            compare_runs(outcome, told, engine, region)
            compare_balances(outcome, told, engine, region)
    finally:
        if keep:
            shutil.copytree(folder, keep)
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def run_world(binary, seed, number, persons, keep=None):
    draw = Draw('%s-%d' % (seed, number), persons)
    outcome = run_told(binary, draw, Outcome(number), keep)
    if outcome.person:
        told = only(draw, outcome.person)
        again = run_told(binary, told, Outcome(number))
        if again.person == outcome.person:
            outcome.shrunk = ['%s\n    %s' % (kind, texts[0]) for kind, texts in again.differences.items()] + script_in_words(told)
    return outcome


# What must have come up in a long run.
MUST_COME_UP = (
    'approved', 'unknown_person', 'suspended', 'wrong_payer', 'not_in_force', 'too_late', 'duplicate', 'not_filed', 'no_stay', 'no_grant',
    'not_portable', 'no_assessment', 'level', 'age', 'income_class', 'excluded', 'after_death', 'price_ceiling', 'capacity', 'quantity_cap',
    'programme_cap', 'person_month_cap', 'fund_exhausted', 'paid by runs')
LONG_RUN = 50000


def cases(counts):
    return counts['lines of claims'] + counts['persons in runs'] + counts['rows of registers']


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--suiren', required=True)
    parser.add_argument('--cases', type=int, default=int(os.environ.get('SUIREN_ORACLE_CASES') or 5000))
    parser.add_argument('--seed')
    parser.add_argument('--world', type=int)
    parser.add_argument('--persons', type=int, default=40)
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--keep')
    parser.add_argument('--shown', type=int, default=1)
    parser.add_argument('--stop', type=int, default=3)
    options = parser.parse_args()
    seed = options.seed or os.environ.get('SEED') or str(random.SystemRandom().randrange(2**32))
    print('oracle: seed %s' % seed, flush=True)
    begin, counts, worlds, failed = time.monotonic(), collections.Counter(), 0, []

    def take(outcome):
        nonlocal worlds
        worlds += 1
        counts.update(outcome.counts)
        if outcome.differences:
            failed.append(outcome)
            print('world %d of seed %s: %d differences; again with --seed %s --world %d --persons %d' % (
                outcome.world, seed, sum(len(texts) for texts in outcome.differences.values()), seed, outcome.world, options.persons))
            for kind, texts in outcome.differences.items():
                print('  %d times: %s' % (len(texts), kind))
                for text in texts[:options.shown]:
                    print('  ' + text, flush=True)
            if outcome.shrunk:
                print('  the same with %016d only:' % outcome.person)
                for text in outcome.shrunk:
                    print('    ' + text, flush=True)

    if options.world is not None:
        take(run_world(options.suiren, seed, options.world, options.persons, options.keep))
    else:
        with ProcessPoolExecutor(options.jobs) as pool:
            number, running = 0, set()

            def more():
                """Are more worlds needed than those that are being told?"""
                a_world = cases(counts) / worlds if worlds else WORLD_CASES
                return cases(counts) + len(running) * a_world < options.cases and len(failed) < options.stop and number < WORLDS_MAX

            while more() or running:
                while more() and len(running) < options.jobs:
                    running.add(pool.submit(run_world, options.suiren, seed, number, options.persons))
                    number += 1
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for one in done:
                    take(one.result())
    print('oracle: %d cases in %d worlds, %.1f s' % (cases(counts), worlds, time.monotonic() - begin))
    for name, count in counts.most_common():
        print('  %-20s %d' % (name, count))
    missing = [name for name in MUST_COME_UP if not counts[name]]
    if cases(counts) >= LONG_RUN and missing:
        print('oracle: never came up (seed %s): %s' % (seed, ', '.join(missing)))
        return 1
    if failed:
        print('oracle: %d worlds differ (seed %s)' % (len(failed), seed))
        return 1
    print('oracle: all agree')
    return 0


if __name__ == '__main__':
    sys.exit(main())
