"""What exactly was evaluated, in twelve letters: figures with the same fingerprint are about the same pictures."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm.auto import tqdm

from learning_reid.datasets.sample import Sample
from learning_reid.errors import UserError

LENGTH = 12
PATIENCE_S = 2.0  # a bar for less would only flicker


def content_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:
        raise UserError(f"{path} cannot be read ({problem.strerror}); copy it again or remove it") from None


def fingerprint(query: Sequence[Sample], gallery: Sequence[Sample], progress: bool = True) -> str:
    """A short hash of the pictures, who is on them, and who asks and who answers.

    It depends neither on the order of the samples nor on where the files lie or what they are called.

    Args:
        query: the samples that ask.
        gallery: the samples that answer.
        progress: show a bar where it takes longer than two seconds.

    Returns:
        12 hexadecimal digits.

    Raises:
        UserError: a file cannot be read.
    """
    files = dict.fromkeys(sample.path for sample in (*query, *gallery))
    bar = tqdm(files, desc="fingerprint", unit="file", delay=PATIENCE_S, dynamic_ncols=True, disable=not progress)
    digests = {path: content_digest(path) for path in bar}
    lines = sorted([*_lines("query", query, digests), *_lines("gallery", gallery, digests)])
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:LENGTH]


def _lines(role: str, samples: Sequence[Sample], digests: dict[Path, str]) -> Iterator[str]:
    for sample in samples:
        yield json.dumps([role, digests[sample.path], sample.box_xyxy, sample.person_id, sample.camera_id])
