"""Whom to learn from and whom to validate on: never the same person."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.config.training import TrainSettings
from learning_reid.datasets.content_hash import fingerprint
from learning_reid.datasets.layouts import recognize_dataset, open_dataset
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.datasets.identity_split import split_by_identity
from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from learning_reid.errors import UserError
from learning_reid.metrics.matches import has_true_match
from learning_reid.metrics.protocol import PROTOCOLS, Protocol
from reid_synth.datasets.dataset_cache import cached_dataset
from reid_synth.datasets.face_dataset import FacePlan
from reid_synth.datasets.market import CLASS_PLAN

GENERATED, GENERATED_SEED = "generated", 7
FACES = FacePlan(train_people=200, test_people=100, images_each=12)


@dataclass(frozen=True, eq=False)
class TrainingPeople:
    """The people of a run.

    Attributes:
        samples: what is learned from.
        labels: (n,) int64, the person of each sample, 0 … persons - 1.
        cameras: (n,) int64.
        persons: the names behind the labels.
        validation: others, who ask and answer.
        notes: what the reader should be told.
        digest: fingerprint of the pictures and labels of both.
    """

    samples: Sequence[Sample]
    labels: np.ndarray
    cameras: np.ndarray
    persons: Sequence[str]
    validation: QueryGallerySplit
    notes: Sequence[str]
    digest: str

    def __str__(self) -> str:
        learned, kept = f"{len(self.persons)} persons, {len(self.samples):,} pictures", len(self.validation.persons)
        where = "across cameras" if len(self.validation.cameras) > 1 else "within one camera"
        return f"learning from {learned}; validating on {kept} other persons, {where}; data {self.digest}"


def gather_people(settings: TrainSettings) -> TrainingPeople:
    """Read the data set and divide its people.

    The training part is used where the data set has one, else everything that is not for testing.

    Raises:
        UserError: no such data, or too few persons to learn from and validate on.
    """
    crops = open_dataset(*locate_data(settings))
    known = [sample for sample in crops.subset("train") or crops.subset("unsplit") if sample.person_id is not None]
    if not known:
        raise UserError(f"{crops.root} has no pictures to learn from; give a training split, or a set without splits")
    if settings.data.people is not None:
        known = _some(known, settings.data.people, settings.run.seed)
    try:
        learning, validating = split_by_identity(known, 1 - settings.data.val_split, settings.run.seed)
    except UserError as problem:
        raise UserError(f"{crops.root}: {problem}") from None
    labelled = QueryGallerySplit.from_samples(crops, [], learning)
    contest = _contest(crops, validating)
    if len(contest.persons) < 2:
        raise UserError(
            f"data.val_split={settings.data.val_split} keeps one person of {crops.root} for validation, who cannot be "
            "mistaken for anybody; give a larger one"
        )
    protocol = validation_protocol(contest)
    if not has_true_match(contest.query_labels, contest.gallery_labels, protocol).any():
        raise UserError(
            f"{crops.root}: none of the {len(contest.persons)} persons kept for validation can be found under "
            f"{protocol.name}; give more pictures of each person, or a larger data.val_split"
        )
    return TrainingPeople(
        samples=learning,
        labels=labelled.gallery_labels.person,
        cameras=labelled.gallery_labels.camera,
        persons=labelled.persons,
        validation=contest,
        notes=crops.notes,
        digest=fingerprint(validating, learning),
    )


def locate_data(settings: TrainSettings) -> tuple[str, Path]:
    """The layout and the place of the data; generated people are drawn where they are not there yet."""
    root = Path(settings.data.root).expanduser()
    if settings.data.dataset != GENERATED:
        return settings.data.dataset or recognize_dataset(root), root
    if settings.data.task == "face":
        return "csv", cached_dataset(root, FACES, GENERATED_SEED)
    return "market1501", cached_dataset(root, CLASS_PLAN, GENERATED_SEED)


def people_to_examine(settings: TrainSettings, learned: str) -> frozenset[str]:
    """Whom a run may be examined on: the test part of the data without whoever was learned from, or else the persons
    who were kept for validation.

    Args:
        settings: of the run.
        learned: the fingerprint of the people that it learned from and was validated on.

    Raises:
        UserError: the data are others than those, so that nobody knows any more who was learned from.
    """
    people = gather_people(settings)
    if people.digest != learned:
        raise UserError(
            f"{settings.data.root} is not what the run learned from (data {learned}, now {people.digest}); restore it, "
            "or examine the weights on other people with --root and --weights"
        )
    crops = open_dataset(*locate_data(settings))
    tested = {sample.person_id for split in ("query", "gallery") for sample in crops.subset(split)} - {None}
    return frozenset(tested - set(people.persons) or people.validation.persons)  # type: ignore[arg-type]


def validation_protocol(contest: QueryGallerySplit) -> Protocol:
    """Across cameras; within the camera where there is only one."""
    return PROTOCOLS["market1501" if len(contest.cameras) > 1 else "single-camera"]


def _some(samples: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    persons = sorted({sample.person_id or "" for sample in samples})
    if count > len(persons):
        raise UserError(f"data.people={count}: the data set has {len(persons)} to learn from; ask for fewer, or null")
    chosen = {persons[place] for place in np.random.default_rng([seed, 1]).permutation(len(persons))[:count]}
    return [sample for sample in samples if sample.person_id in chosen]


def _contest(crops: CropDataset, samples: Sequence[Sample]) -> QueryGallerySplit:
    """One picture of each person from each camera asks, all answer."""
    first: dict[tuple[str | None, str], Sample] = {}
    for sample in samples:
        first.setdefault((sample.person_id, sample.camera_id), sample)
    return QueryGallerySplit.from_samples(crops, list(first.values()), samples)
