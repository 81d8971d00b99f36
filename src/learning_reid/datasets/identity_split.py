"""Divide or select samples by identity, so that no identity is on both sides of a split."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.errors import UserError
from learning_reid.frames.images import natural_sort


def split_by_identity(samples: Sequence[Sample], share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Divide identities at random into two disjoint groups; `share` of them (above 0, below 1) are in the first.

    Splitting by image instead would test a model on identities that it was trained on. Equal seeds choose equal
    identities.

    Returns:
        The samples of both groups, each in their order; distractors (`person_id` None) are in the second.

    Raises:
        UserError: `share` is out of range, or there are fewer than two identities.
    """
    if not 0 < share < 1:
        raise UserError(f"the share of identities is {share}; choose a number above 0 and below 1, such as 0.5")
    people = sorted({sample.person_id for sample in samples if sample.person_id is not None})
    if len(people) < 2:
        raise UserError(f"{len(people)} identities cannot be divided into two groups; two or more are needed")
    count = min(max(round(share * len(people)), 1), len(people) - 1)
    order = np.random.default_rng(seed).permutation(len(people))
    first = {people[index] for index in order[:count]}
    return (
        [sample for sample in samples if sample.person_id in first],
        [sample for sample in samples if sample.person_id not in first],
    )


def select_identities(dataset: CropDataset, persons: frozenset[str]) -> CropDataset:
    """Return a dataset for evaluation with only these identities, and all distractors.

    Training samples are removed. If that removes every sample of these identities, all of their samples are kept and
    count as unsplit.
    """
    selected = [sample for sample in dataset.samples if sample.person_id is None or sample.person_id in persons]
    tested = [sample for sample in selected if sample.split != "train"]
    if not any(sample.person_id for sample in tested):
        tested = [replace(sample, split="unsplit") for sample in selected]
    return replace(dataset, samples=tested)


def camera_ids(samples: Sequence[Sample]) -> list[str]:
    """Return the cameras of these samples in natural order."""
    return natural_sort({sample.camera_id for sample in samples})
