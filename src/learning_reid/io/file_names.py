"""File names that are not UTF-8, whose bytes Python keeps as surrogate characters that no text file can contain."""

import re
import sys
from functools import cache


def escape_surrogates(text: str) -> str:
    r"""Escape the surrogate characters of file names, with one note on stderr.

    JSON reads such an escape as the original character.

    >>> escape_surrogates("Zo\udceb.jpg")
    'Zo\\udceb.jpg'
    """
    escaped = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if escaped != text:
        _note_escapes()
    return escaped


def unescape_surrogates(text: str) -> str:
    r"""Undo `escape_surrogates`, to open the file.

    >>> unescape_surrogates(r"Zo\udceb.jpg") == "Zo\udceb.jpg"
    True
    """
    return re.sub(r"\\udc([89a-f][0-9a-f])", lambda match: chr(0xDC00 + int(match[1], 16)), text)


@cache  # once for each process
def _note_escapes() -> None:
    print("note: names that are not UTF-8 are written with escapes, such as \\udceb", file=sys.stderr)
