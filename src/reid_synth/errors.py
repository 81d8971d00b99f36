"""The exception for problems that the user can fix, and suggestions of similar names."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A problem that the user can fix: what is wrong, where, and the one thing to do, in one or two lines.

    The command line prints the message on stderr without a stack trace and exits with status 1.
    """


def did_you_mean(name: str, choices: Iterable[str], most: int = 3) -> str:
    """Suggest at most `most` valid names similar to a wrong one, as the end of a sentence.

    >>> did_you_mean("oznet_x0_25", ["osnet_x0_25", "resnet50"])
    "did you mean 'osnet_x0_25'?"
    >>> did_you_mean("???", ["osnet_x0_25", "resnet50"])
    "valid: 'osnet_x0_25', 'resnet50'"
    """
    choices = list(choices)
    nearest = difflib.get_close_matches(name, choices, n=most, cutoff=0.6)
    if nearest:
        return f"did you mean {' or '.join(map(repr, nearest))}?"
    return f"valid: {', '.join(map(repr, choices[:12]))}" + (", …" if len(choices) > 12 else "")
