"""What counts as an answer? The same features give very different figures under different rules, so a rule has a name.

A figure without its protocol means nothing: with one and the same ResNet-50 on Market1501, open-reid's benchmarks give
rank-1 42.9 % (all-shots), 70.5 % (CUHK03 single-shot) or 85.1 % (Market1501). Each rule is therefore an object with a
one-line definition, and `fingerprint` hashes rule and data together: only figures of one fingerprint may be compared.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from learning_reid.metrics.labels import Labels

Round = tuple[np.ndarray, Sequence[np.ndarray | None]]  # query rows, and the gallery rows of each shot (None: all)


@dataclass(frozen=True)
class Protocol:
    """A rule of the game.

    Attributes:
        name: as `--protocol` takes it.
        definition: the rule in one line.
        competing: which gallery pictures stand against a query: all, those of other cameras, those of its own.
        removes: which pictures *of the query's person* are taken out first.
        every_match: CMC counts each true match for itself instead of the nearest alone.
        repeats: how often a gallery of one random picture for each person is drawn; 0: all pictures stay.
        seed: of these draws.
    """

    name: str
    definition: str
    competing: Literal["all", "other cameras", "own camera"] = "all"
    removes: Literal["same camera", "same picture"] = "same camera"
    every_match: bool = False
    repeats: int = 0
    seed: int = 0

    def fingerprint(self, data: str) -> str:
        """Eight hex digits of this rule and what it was applied to.

        Args:
            data: whatever stands for the pictures, their labels, and the way of counting, such as a hash of them.

        >>> PROTOCOLS["market1501"].fingerprint("a") != PROTOCOLS["market1501"].fingerprint("b")
        True
        """
        return hashlib.sha256(repr((self, data)).encode()).hexdigest()[:8]

    def rounds(self, query: Labels, gallery: Labels) -> Iterator[Round]:
        """Which queries stand before which gallery pictures; every query is in exactly one round."""
        if self.competing == "all":
            yield np.arange(len(query)), [None]
            return
        for camera in np.unique(query.camera):
            own = gallery.camera == camera
            competing = np.flatnonzero(own if self.competing == "own camera" else ~own)
            draws = [self._one_each(gallery, competing, repeat, int(camera)) for repeat in range(self.repeats)]
            yield np.flatnonzero(query.camera == camera), draws or [competing]

    def keeps(self, query: Labels, row: int, gallery: Labels, own: np.ndarray) -> np.ndarray:
        """Which of the gallery pictures `own` (rows) of the query's person may answer: (len(own),) bool."""
        if self.removes == "same camera":
            return gallery.camera[own] != query.camera[row]
        return (gallery.image[own] != query.image[row]) | (query.image[row] < 0)

    def _one_each(self, gallery: Labels, rows: np.ndarray, repeat: int, camera: int) -> np.ndarray:
        seed = [self.seed, repeat, camera & 0xFFFFFFFF]  # a camera may have a negative number, a seed may not
        rows = rows[np.argsort(gallery.image[rows], kind="stable")]  # so that the order of the gallery plays no part
        shuffled = np.random.default_rng(seed).permutation(rows)
        strangers = gallery.person[shuffled] < 0  # each is another person
        known = shuffled[~strangers]
        _, first = np.unique(gallery.person[known], return_index=True)
        return np.sort(np.concatenate([known[first], shuffled[strangers]]))


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
