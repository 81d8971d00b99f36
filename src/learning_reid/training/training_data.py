"""Training and validation data of a run, with disjoint identities."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.config.training import GENERATED, TrainSettings
from learning_reid.datasets.content_hash import fingerprint
from learning_reid.datasets.identity_split import split_by_identity
from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from learning_reid.datasets.sample import CropDataset, Sample, Split
from learning_reid.errors import UserError
from learning_reid.metrics.matches import has_true_match
from learning_reid.metrics.protocol import PROTOCOLS, Protocol
from reid_synth.datasets.dataset_cache import cached_dataset
from reid_synth.datasets.face_dataset import FacePlan
from reid_synth.datasets.market import CLASS_PLAN

GENERATED_ROOT, GENERATED_SEED = "data/generated", 7
GENERATED_FOLDER = re.compile("(people|faces)_[0-9a-f]{8}")  # as `cached_dataset` names them
FACES = FacePlan(train_people=200, test_people=100, images_each=12)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The data of a run."""

    samples: Sequence[Sample]  #: Training samples
    labels: np.ndarray  #: (n,) int64, the identity of each sample, from 0 to persons − 1
    cameras: np.ndarray  #: (n,) int64
    persons: Sequence[str]  #: The names of the identities
    validation: QueryGallerySplit  #: Query/gallery split of other identities
    notes: Sequence[str]  #: Remarks of the dataset's reader, for the user
    digest: str  #: Fingerprint of all images and labels

    def __str__(self) -> str:
        cameras = "across cameras" if len(self.validation.cameras) > 1 else "within one camera"
        return (
            f"training on {len(self.samples):,} images of {len(self.persons)} persons; "
            f"validating on {len(self.validation.persons)} other persons, {cameras}; data {self.digest}"
        )


def load_training_data(settings: TrainSettings) -> TrainingData:
    """Read the dataset and split its identities into training and validation.

    The training split is used if the dataset has one, otherwise all samples without a split.

    Raises:
        UserError: There is no such dataset, or it has too few identities.
    """
    dataset = open_dataset(*locate_data(settings))
    known = [sample for sample in dataset.subset("train") or dataset.subset("unsplit") if sample.person_id is not None]
    if not known:
        raise UserError(f"{dataset.root} has no training images; choose a dataset with a training split or no splits")
    if settings.data.people is not None:
        known = _choose_identities(known, settings.data.people, settings.run.seed)
    try:
        training, validation = split_by_identity(known, 1 - settings.data.val_split, settings.run.seed)
    except UserError as error:
        raise UserError(f"{dataset.root}: {error}") from None
    numbered = QueryGallerySplit.from_samples(dataset, [], training)
    split = _validation_split(dataset, validation)
    if len(split.persons) < 2:
        raise UserError(
            f"data.val_split={settings.data.val_split} leaves one person of {dataset.root} for validation, who cannot "
            "be confused with another; choose a larger share"
        )
    protocol = validation_protocol(split)
    if not has_true_match(split.query_labels, split.gallery_labels, protocol).any():
        raise UserError(
            f"{dataset.root}: none of the {len(split.persons)} validation persons has a true match under "
            f"{protocol.name}; provide more images of each person, or a larger data.val_split"
        )
    return TrainingData(
        samples=training,
        labels=numbered.gallery_labels.person,
        cameras=numbered.gallery_labels.camera,
        persons=numbered.persons,
        validation=split,
        notes=dataset.notes,
        digest=fingerprint(validation, training),
    )


def locate_data(settings: TrainSettings) -> tuple[str, Path]:
    """Return layout and root of the dataset; `generated` data are generated first, if they are not there yet.

    Raises:
        UserError: No root is named, it has no known layout, or it holds other files than generated data.
    """
    if settings.data.root is None and settings.data.dataset != GENERATED:
        raise UserError(f"name the crops with --root DIR, or set data.dataset={GENERATED} for synthetic ones")
    root = Path(settings.data.root or GENERATED_ROOT).expanduser()
    if settings.data.dataset != GENERATED:
        return settings.data.dataset or recognize_dataset(root), root
    _check_generated_root(root)
    if settings.data.task == "face":
        return "csv", cached_dataset(root, FACES, GENERATED_SEED)
    return "market1501", cached_dataset(root, CLASS_PLAN, GENERATED_SEED)


def evaluation_identities(settings: TrainSettings, digest: str) -> frozenset[str]:
    """Return the identities on which a run may be evaluated.

    These are the test identities of the dataset that were not trained on, or the validation identities if there are
    no test identities.

    Args:
        settings: Settings of the run.
        digest: Fingerprint of the data that the run was trained and validated on.

    Raises:
        UserError: The data have changed, so that the training identities are unknown.
    """
    data = load_training_data(settings)
    if data.digest != digest:
        raise UserError(
            f"{data.validation.dataset.root} is not what the run was trained on (data {digest}, now {data.digest}); "
            "restore it, or evaluate the weights on other people with --root and --weights"
        )
    dataset = open_dataset(*locate_data(settings))
    splits: tuple[Split, ...] = ("query", "gallery", *(("unsplit",) if dataset.subset("train") else ()))
    tested = {sample.person_id for split in splits for sample in dataset.subset(split)} - {None}
    return frozenset(tested - set(data.persons) or data.validation.persons)  # type: ignore[arg-type]


def validation_protocol(split: QueryGallerySplit) -> Protocol:
    """Return the protocol of a validation: across cameras, or within the camera if there is only one."""
    return PROTOCOLS["market1501" if len(split.cameras) > 1 else "single-camera"]


def _check_generated_root(root: Path) -> None:
    """Raise a UserError if a folder holds anything else than generated data."""
    entries = sorted(entry.name for entry in root.iterdir()) if root.is_dir() else []
    others = [name for name in entries if not (GENERATED_FOLDER.match(name) or name.startswith("."))]
    if others:
        raise UserError(
            f"{root} holds other files ({others[0]}), and synthetic data would be generated into it; to train on these "
            "files leave out data.dataset, otherwise name a new folder"
        )


def _choose_identities(samples: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    persons = sorted({sample.person_id or "" for sample in samples})
    if count > len(persons):
        raise UserError(f"data.people={count}: the dataset has {len(persons)} to train on; choose fewer, or null")
    chosen = {persons[index] for index in np.random.default_rng([seed, 1]).permutation(len(persons))[:count]}
    return [sample for sample in samples if sample.person_id in chosen]


def _validation_split(dataset: CropDataset, samples: Sequence[Sample]) -> QueryGallerySplit:
    """Use the first image of each person and camera as a query, and all images as gallery."""
    first: dict[tuple[str | None, str], Sample] = {}
    for sample in samples:
        first.setdefault((sample.person_id, sample.camera_id), sample)
    return QueryGallerySplit.from_samples(dataset, list(first.values()), samples)
