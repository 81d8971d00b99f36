"""The exception for problems that the user can fix, and suggestions of similar names."""

import difflib
import re
from collections.abc import Iterable

_USER_INFO = re.compile(r"(\b[a-z][a-z0-9+.-]+://?)(?:[^/\n]*@|\S*@)", re.IGNORECASE)  # a password may contain / and @
_SECRET = re.compile(
    r"([?&][^=&\s]*(?:pass|pwd|token|secret|key|auth|sig|cred|user|usr|login)[^=&\s]*=)[^&\s'\"]*", re.IGNORECASE
)


class UserError(Exception):
    """A problem that the user can fix: what is wrong, where, and the one thing to do, in one or two lines.

    The command line prints the message on stderr without a stack trace and exits with status 1. The message never
    contains the credentials of an address.
    """

    def __str__(self) -> str:
        return hide_credentials(super().__str__())


def hide_credentials(text: str) -> str:
    """Mask user names, passwords and access keys in the addresses of a text.

    >>> hide_credentials("cannot open rtsp://admin:pass@word@camera/1?channel=2&token=abc timeout")
    'cannot open rtsp://***@camera/1?channel=2&token=*** timeout'
    """
    return _SECRET.sub(r"\1***", _USER_INFO.sub(r"\1***@", text)) if ":/" in text else text


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
