"""Whom a monthly run pays, and what: allowances to the card."""
from model import Verdict, days_between, month_last
from rules import counted_age


def decide(city, person, version, month):
    """A Verdict, or None: not paid in this run."""
    programme, last = version.code, month_last(month)
    days = days_between(month, last)
    need = city.catalogue.need_of(programme)
    for code in city.catalogue.codes():
        # One need is paid once, and so are programmes of which one excludes the other.
        other = city.catalogue.run_version(code, month)
        rival = code == programme or city.catalogue.need_of(code) == need or code in version.excludes or \
            (other and programme in other.excludes)
        if rival and (code, month, person.code) in city.paid:
            return None
    facts = person.facts
    if facts.death and facts.death < month:
        return None
    grant = next((one for one in person.grants if one.programme == programme and one.paid_to == 'card' and
                  any(one.holds_on(day) for day in days)), None)
    if version.needs_grant and grant is None:
        return None
    years = counted_age(version, facts.birth, last)
    if version.age_or and years < version.age_or and not facts.flags & set(version.flag_or):
        return None
    if years < version.age_min:
        return None
    if version.income and facts.income not in version.income:
        return None
    level = person.level_on(last)
    if version.needs_assessment and level is None:
        return None
    if version.asks_level() and (level is None or not version.level_min <= level.level <= version.level_max):
        return None
    for other in person.grants:
        # Of two that exclude each other, or serve one need, the card goes first: no institution may claim then.
        yields = city.catalogue.yields(other.programme, programme, month, last) or city.catalogue.need_of(other.programme) == need
        if other.programme in version.excludes and other.paid_to == 'institution' and not yields and \
                any(other.holds_on(day) for day in days):
            return None
    if any((person.code, need, day) in city.claimed for day in days):
        return None
    degree = level.level if version.asks_level() else 0
    band = next(i for i, one in enumerate(version.bands) if one.age_from <= years <= one.age_to and
                one.level_from <= degree <= one.level_to)
    monthly = version.bands[band].amount
    verdict = Verdict('approved', catalogue=city.catalogue.entry, programme=version)
    verdict.pieces = [(city.catalogue.row_of(version), band, last.day, monthly, level.entry if version.asks_level() else None)]
    verdict.facts = (facts.entry, grant.entry if version.needs_grant else None, None)

    fen = monthly

    def cut(reason, to, limit, used):
        after = min(fen, to)
        if after < fen:
            verdict.reductions.append((reason, fen, after, limit, used))
        return after

    if version.price_ceiling:
        fen = cut('price_ceiling', version.price_ceiling, version.price_ceiling, 0)
    if version.programme_cap:
        used = city.programme_used.get((programme, month), 0)
        fen = cut('programme_cap', max(0, version.programme_cap - used), version.programme_cap, used)
    if version.person_month_cap:
        used = city.person_used.get((person.code, month), 0)
        fen = cut('person_month_cap', max(0, version.person_month_cap - used), version.person_month_cap, used)
    left = sum(city.fund_fen.get(fund, 0) for fund in version.funds)
    fen = cut('fund_exhausted', left, left, 0)
    verdict.amount = fen
    for fund in version.funds:
        share = min(fen, city.fund_fen.get(fund, 0))
        if share:
            verdict.funds.append((city.catalogue.funds.index(fund), share))
        fen -= share
    return verdict
