"""A catalogue as a policy file: docs/policy.md."""

SOURCES = ('fiscal', 'lottery', 'insurance')


def yuan(fen):
    return '%d.%02d' % (fen // 100, fen % 100)


def truth(value):
    return 'true' if value else 'false'


def programme_lines(programme):
    lines = ['  - code: %s' % programme.code, '    name_zh: 项目', '    name_en: a programme', '    document: drawn by the oracle',
             '    clause: one', '    effective_from: %s' % programme.effective_from]
    if programme.effective_until:
        lines.append('    effective_until: %s' % programme.effective_until)
    if programme.district:
        lines.append('    district: %d' % programme.district)
    for field in ('need', 'accrues', 'unit', 'payer', 'paid_to', 'starts'):
        lines.append('    %s: %s' % (field, getattr(programme, field)))
    lines.append('    portable: %s' % truth(programme.portable))
    if programme.regions:
        lines.append('    regions: [%s]' % ', '.join(str(region) for region in programme.regions))
    for field in ('needs_grant', 'needs_stay', 'needs_assessment'):
        lines.append('    %s: %s' % (field, truth(getattr(programme, field))))
    if programme.takes_capacity:
        lines.append('    takes_capacity: true')
    if programme.age_min:
        lines.append('    age_min: %d' % programme.age_min)
    if programme.level_min > 0:
        lines.append('    level_min: %d' % programme.level_min)
    if programme.level_max < 4:
        lines.append('    level_max: %d' % programme.level_max)
    for field in ('income', 'flag_or', 'excludes'):
        if getattr(programme, field):
            lines.append('    %s: [%s]' % (field, ', '.join(getattr(programme, field))))
    if programme.age_or:
        lines.append('    age_or: %d' % programme.age_or)
    lines.append('    amounts:')
    for band in programme.bands:
        first = '      - '
        for field, least in (('age_from', 0), ('age_to', 150), ('level_from', 0), ('level_to', 4)):
            if getattr(band, field) != least:
                lines.append('%s%s: %d' % (first, field, getattr(band, field)))
                first = '        '
        lines.append('%samount: %s' % (first, yuan(band.amount)))
        lines.append('        clause: drawn')
    limits = False
    for field in ('price_ceiling', 'programme_cap', 'person_month_cap'):
        if getattr(programme, field):
            lines.append('    %s: %s' % (field, yuan(getattr(programme, field))))
            limits = True
    if programme.quantity_cap_days:
        lines.append('    quantity_cap_days: %d' % programme.quantity_cap_days)
        limits = True
    if limits:
        lines.append('    limits_clause: two')
    lines.append('    funds: [%s]' % ', '.join(programme.funds))
    lines.append('    claim_deadline_days: %d' % programme.claim_deadline_days)
    return lines


def catalogue_text(catalogue):
    lines = ['region: %d' % catalogue.region, 'name_zh: 城市', 'name_en: City %d' % catalogue.region,
             'version: %d' % catalogue.version, 'effective_from: %s' % catalogue.effective_from, 'pays_from_float: false',
             'clearing: net', 'funds:']
    for index, fund in enumerate(catalogue.funds):
        lines.append('  - {code: %s, name_zh: 资金, name_en: a fund, source: %s, owner: %d}' % (
            fund, SOURCES[index % 3], catalogue.region))
    lines.append('programmes:')
    for programme in catalogue.programmes:
        lines += programme_lines(programme)
    return '\n'.join(lines) + '\n'
