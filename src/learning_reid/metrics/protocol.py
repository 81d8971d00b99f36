"""Evaluation protocols: which gallery images compete for a query, and which count as true matches.

A metric without its protocol means nothing: with one and the same ResNet-50 on Market1501, open-reid's benchmarks give
rank-1 42.9 % (all-shots), 70.5 % (CUHK03 single-shot) or 85.1 % (Market1501). So each protocol is an object with a
one-line definition, and `fingerprint` hashes protocol and data together: only equal fingerprints are comparable.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from learning_reid.errors import UserError, did_you_mean
from learning_reid.metrics.labels import Labels

QueryGroup = tuple[np.ndarray, Sequence[np.ndarray | None]]
"""Query rows, and the gallery rows of each draw of the gallery (None = the whole gallery)."""


@dataclass(frozen=True)
class Protocol:
    """Rules of an evaluation. Names and values of the fields are part of the fingerprint, so neither may change."""

    name: str  #: As `--protocol` takes it
    definition: str  #: The protocol in one line
    #: The gallery images that compete for a query: all, those of other cameras, or those of its own camera
    competing: Literal["all", "other cameras", "own camera"] = "all"
    #: The images *of the query's person* that are removed first
    removes: Literal["same camera", "same picture"] = "same camera"
    every_match: bool = False  #: CMC counts each true match separately instead of only the nearest
    repeats: int = 0  #: Number of random galleries with one image per person; 0 = the whole gallery
    seed: int = 0  #: Seed of these draws

    def fingerprint(self, data: str) -> str:
        """Hash the protocol and what it was applied to.

        Args:
            data: Identifies the images, their labels and the kind of AP, such as a hash of them.

        Returns:
            Eight hex digits.

        >>> PROTOCOLS["market1501"].fingerprint("a") != PROTOCOLS["market1501"].fingerprint("b")
        True
        """
        return hashlib.sha256(repr((self, data)).encode()).hexdigest()[:8]

    def query_groups(self, query: Labels, gallery: Labels) -> Iterator[QueryGroup]:
        """Group the queries by the gallery that they are ranked against; every query is in exactly one group."""
        if self.competing == "all":
            yield np.arange(len(query)), [None]
            return
        for camera in np.unique(query.camera):
            same_camera = gallery.camera == camera
            competing = np.flatnonzero(same_camera if self.competing == "own camera" else ~same_camera)
            draws = [self._draw_one_each(gallery, competing, repeat, int(camera)) for repeat in range(self.repeats)]
            yield np.flatnonzero(query.camera == camera), draws or [competing]

    def keeps(self, query: Labels, row: int, gallery: Labels, own: np.ndarray) -> np.ndarray:
        """Select which of the gallery rows `own`, images of the query's person, are true matches: (len(own),) bool."""
        if self.removes == "same camera":
            return gallery.camera[own] != query.camera[row]
        return (gallery.image[own] != query.image[row]) | (query.image[row] < 0)

    def _draw_one_each(self, gallery: Labels, rows: np.ndarray, repeat: int, camera: int) -> np.ndarray:
        seed = [self.seed, repeat, camera & 0xFFFFFFFF]  # a camera number may be negative, a seed may not
        rows = rows[np.argsort(gallery.image[rows], kind="stable")]  # so that the order of the gallery does not matter
        shuffled = np.random.default_rng(seed).permutation(rows)
        distractors = gallery.person[shuffled] < 0  # each is another person
        known = shuffled[~distractors]
        _, first = np.unique(gallery.person[known], return_index=True)
        return np.sort(np.concatenate([known[first], shuffled[distractors]]))


# The definitions are hashed into the fingerprints of results that users have stored: do not reword them.
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "market1501",
            "pictures of the query's person from the query's own camera are removed; CMC counts the nearest true match "
            "(Zheng et al., ICCV 2015)",
        ),
        Protocol(
            "cuhk03-single-shot",
            "other cameras only, one random picture of each person, 10 seeded draws; mAP is then the mean of 1/rank "
            "(Li et al., CVPR 2014)",
            competing="other cameras",
            repeats=10,
        ),
        Protocol(
            "all-shots",
            "as market1501, but CMC counts every true match for itself: how many wrong pictures are nearer than it",
            every_match=True,
        ),
        Protocol(
            "self-only",
            "only the query picture itself is removed, so the next frame of the same walk counts as found: it flatters",
            removes="same picture",
        ),
        Protocol(
            "single-camera",
            "only pictures of the query's own camera compete, without the query picture itself: easier than finding "
            "across cameras",
            competing="own camera",
            removes="same picture",
        ),
    )
}


def get_protocol(name: str) -> Protocol:
    """Return a protocol by its name.

    Raises:
        UserError: There is no such protocol; similar names are suggested.

    >>> get_protocol("market1501").competing
    'all'
    """
    if name not in PROTOCOLS:
        raise UserError(f"unknown protocol {name!r}: {did_you_mean(name, PROTOCOLS)}")
    return PROTOCOLS[name]
