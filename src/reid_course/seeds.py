"""Seed of a student's own data, derived from the name, so that students share methods and not numbers."""

import hashlib
import os
import unicodedata

from learning_reid.errors import UserError

SEED_VARIABLE = "REID_EXERCISE_SEED"


def student_seed(name: str) -> int:
    """Return the seed that belongs to a name, the same on every machine; spaces and capitals do not matter.

    If the environment variable REID_EXERCISE_SEED is set, it is the seed of every name: submissions are graded on data
    that the students have not seen.

    Args:
        name: Name of a student.

    Returns:
        Integer from 0 to 999,999.

    Raises:
        UserError: The name is empty, or the variable holds no number.

    >>> student_seed("Ada Lovelace") == student_seed("  ada  LOVELACE ")
    True
    """
    given = os.environ.get(SEED_VARIABLE)
    if given:
        if not (given.isascii() and given.isdigit()):
            raise UserError(f"{SEED_VARIABLE}={given} is no seed: use a whole number from 0, such as 2026")
        return int(given)
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    if not plain:
        raise UserError('your data are generated from your name: write NAME = "Ada Lovelace", with your own name')
    return int.from_bytes(hashlib.sha256(plain.encode()).digest()[:8], "big") % 1_000_000
