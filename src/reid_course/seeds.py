"""Data of one's own: from a name comes a seed, so that everybody has other numbers and only methods can be compared."""

import hashlib
import os
import unicodedata

from learning_reid.errors import UserError

SEED_VARIABLE = "REID_EXERCISE_SEED"


def student_seed(name: str) -> int:
    """The seed that belongs to a name, the same on every machine; spaces and capitals do not matter.

    Where the environment variable REID_EXERCISE_SEED is set, it is the seed, whatever the name: a submission is marked
    on data that its author has not seen.

    Args:
        name: of a student.

    Returns:
        0 to 999,999.

    Raises:
        UserError: there is no name, or the variable holds no number.

    >>> student_seed("Ada Lovelace") == student_seed("  ada  LOVELACE ")
    True
    """
    given = os.environ.get(SEED_VARIABLE)
    if given:
        if not (given.isascii() and given.isdigit()):
            raise UserError(f"{SEED_VARIABLE}={given} is no seed: take a whole number from 0, such as 2026")
        return int(given)
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    if not plain:
        raise UserError('your data are drawn from your name: write NAME = "Ada Lovelace", with your own name')
    return int.from_bytes(hashlib.sha256(plain.encode()).digest()[:8], "big") % 1_000_000
