"""Steps of a script and what the oracle expects of each. A step is a dict: `do`, `region` (the city that is told), `day`, and values; rows
name persons by their number in the script, so that a script can be told again with one person only.

An entry that a verdict names is written as (number of the step, row): the program's answer tells which entry it became.
"""
from dataclasses import replace

from world import level_of_score


def tell(world, number, step):
    """Do a step in the oracle's world. Returns what is expected: for registers a verdict a row, for sheets see `submit`."""
    return STEPS[step['do']](world, number, step)


def persons(world, number, step):
    for row, (who, birth, income, flags, _) in enumerate(step['rows']):
        world.person(step['region'], who, birth, income, flags, (number, row))
    return [world.codes[row[0]] for row in step['rows']]


def houses(world, number, step):
    for uscc, _, district, beds in step['rows']:
        world.house(step['region'], uscc, district, beds)


def beds(world, number, step):
    world.beds(step['region'], step['uscc'], step['beds'])


def standing(world, number, step):
    world.standing(step['region'], step['verb'], step['uscc'], step['first'])


def changes(world, number, step):
    people = [world.persons[world.codes[row[0]]] for row in step['rows']]
    before = [person.facts for person in people]
    for row, (who, death, income, flags) in enumerate(step['rows']):
        world.change(step['region'], who, death, income, flags, (number, row))
    # A table that changes nothing at all is a repeat: nothing is booked.
    if all(replace(person.facts, entry=old.entry) == old for person, old in zip(people, before)):
        for person, old in zip(people, before):
            person.facts = old


def assessments(world, number, step):
    return [world.assess(step['region'], who, first, last, level if score is None else level_of_score(score, flags), (number, row))
            for row, (who, first, last, level, score, flags) in enumerate(step['rows'])]


def filings(world, number, step):
    return [world.file(step['region'], who, host, first, last, (number, row))
            for row, (who, host, first, last) in enumerate(step['rows'])]


def grants(world, number, step):
    verdicts = []
    for row, (operation, who, programme, first, last, paid_to, region) in enumerate(step['rows']):
        if operation == 'stop':
            verdicts.append(world.stop(step['region'], who, programme, first, last, (number, row)))
        else:
            verdicts.append(world.grant(step['region'], who, programme, first, last, paid_to, region, (number, row)))
    return verdicts


def stays(world, number, step):
    verdicts = []
    for operation, uscc, who, first, last in step['rows']:
        act = world.open_stay if operation == 'open' else world.close_stay
        verdicts.append(act(step['region'], uscc, who, first, last))
    return verdicts


def fund(world, number, step):
    world.appropriate(step['region'], step['fund'], step['fen'])


def policy(world, number, step):
    world.adopt(step['region'], step['catalogue'], (number, 0))


def claims(world, number, step):
    return [world.submit(sheet, step['day']) for sheet in step['sheets']]


def deliver(world, number, step):
    return world.deliver()


def reverse(world, number, step):
    world.reverse(step['region'], step['uscc'], step['number'], step['line'])


def reverse_run(world, number, step):
    world.reverse_run(step['region'], step['name'], step['line'])


def run(world, number, step):
    return world.run(step['region'], step['month'], step['programme'], step['name'])


STEPS = {one.__name__: one for one in (persons, houses, beds, standing, changes, assessments, filings, grants, stays, fund, policy, claims,
                                       deliver, reverse, reverse_run, run)}
