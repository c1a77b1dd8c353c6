"""Codes with check digits, for made-up houses and persons: GB 32100, GB 11714, GB 11643."""

ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'


def uscc(kind, division, serial):
    """A unified social credit code (18): kind(2) division(6) organisation(8 and check) and check."""
    organisation = '%08d' % serial
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2))) % 11
    organisation += {10: 'X', 11: '0'}.get(rest, str(rest))
    code = '%s%06d%s' % (kind, division, organisation)
    total = sum(ALPHABET.index(digit) * 3**place % 31 for place, digit in enumerate(code))
    return code + ALPHABET[(31 - total) % 31]


def id_number(division, birth, serial):
    digits = '%06d%s%03d' % (division, birth.strftime('%Y%m%d'), serial)
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + '10X98765432'[sum(int(digit) * weight for digit, weight in zip(digits, weights)) % 11]
