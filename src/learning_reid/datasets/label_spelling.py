"""Read one person or camera that is written in several ways as one."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from learning_reid.datasets.findings import Findings
from learning_reid.datasets.sample import Sample
from learning_reid.frames.images import natural_sort

_NUMBERED = re.compile(r"(?:camera|cam|c)?[ _-]?([0-9]+)(?:\.0+)?")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_JUNK = re.compile(r"[-\N{MINUS SIGN}]0*1(\.0*)?")


def normalize_labels(samples: Sequence[Sample], found: Findings) -> list[Sample]:
    """Leave out junk (person -1), and write each person and each camera in one way; changes are added to `found`.

    Unicode text is composed (NFC), because some systems decompose accented letters in file names. Where cameras such as
    `1`, `01` and `cam1` occur together, they are one: images of one camera would count as matches across cameras.
    People `1` and `01` stay two, which `check_identities` reports.
    """
    kept = [sample for sample in samples if not _JUNK.fullmatch(sample.person_id or "")]
    if len(kept) < len(samples):
        what, advice = "junk images (person -1) left out", "as in the dataset's protocol"
        found.add("junk", "note", what, advice, count=len(samples) - len(kept))
    people = _spell("people", (sample.person_id or "" for sample in kept), compose, found)
    cameras = _spell("cameras", (sample.camera_id for sample in kept), camera_key, found)
    return [
        replace(sample, person_id=person and people[person], camera_id=cameras[sample.camera_id])
        for sample in kept
        for person in (sample.person_id,)
    ]


def compose(text: str) -> str:
    """Return text with accented letters as single characters (NFC)."""
    return unicodedata.normalize("NFC", text)


def camera_key(camera: str) -> str:
    """Return what two spellings of one camera have in common.

    >>> [camera_key(camera) for camera in ("1", "01", "1.0", "C01", "Cam_1", "0", "Door", "View_001")]
    ['1', '1', '1', '1', '1', '0', 'door', 'view_1']
    """
    text = _LEADING_ZEROS.sub("", compose(camera).casefold())
    numbered = _NUMBERED.fullmatch(text)
    return numbered[1] if numbered else text


def _spell(what: str, names: Iterable[str], key_of: Callable[[str], str], found: Findings) -> dict[str, str]:
    """Return the one spelling of each name: the shortest of those with one key, composed."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in natural_sort(set(names)):
        groups[key_of(name)].append(name)
    spelling: dict[str, str] = {}
    for names_of_one in groups.values():
        composed = list(dict.fromkeys(map(compose, names_of_one)))
        written = min(composed, key=len)
        spelling |= dict.fromkeys(names_of_one, written)
        if len(names_of_one) > 1:
            shown = names_of_one if len(composed) > 1 else map(ascii, names_of_one)  # equal letters look equal
            advice = f"the spellings of one are read as one; write all {what} in one way"
            found.add("spelling", "warning", f"{what} written in several ways", advice, " and ".join(shown))
    return spelling
