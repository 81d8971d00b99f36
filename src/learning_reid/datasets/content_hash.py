"""Identify evaluation data by its content: results with equal fingerprints are about the same images and labels."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm.auto import tqdm

from learning_reid.datasets.sample import Sample
from learning_reid.errors import UserError
from learning_reid.zoo.checksums import sha256_of

LENGTH = 12
BAR_DELAY_S = 2.0  # a progress bar for shorter work would only flicker


def fingerprint(query: Sequence[Sample], gallery: Sequence[Sample], progress: bool = True) -> str:
    """Hash the content and labels of query and gallery.

    The result depends neither on the order of the samples nor on the location or names of the files.

    Returns:
        12 hexadecimal digits.

    Raises:
        UserError: A file cannot be read.
    """
    files = dict.fromkeys(sample.path for sample in (*query, *gallery))
    bar = tqdm(files, desc="fingerprint", unit="file", delay=BAR_DELAY_S, dynamic_ncols=True, disable=not progress)
    try:
        digests = {path: sha256_of(path) for path in bar}
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read ({error.strerror}); copy it again or remove it") from None
    lines = sorted([*_lines("query", query, digests), *_lines("gallery", gallery, digests)])
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:LENGTH]


def _lines(role: str, samples: Sequence[Sample], digests: dict[Path, str]) -> Iterator[str]:
    for sample in samples:
        yield json.dumps([role, digests[sample.path], sample.box_xyxy, sample.person_id, sample.camera_id])
