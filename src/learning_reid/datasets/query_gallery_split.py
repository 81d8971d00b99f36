"""Choose which images are queries and which form the gallery, and number identities and cameras."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from learning_reid.datasets.identity_split import camera_ids
from learning_reid.datasets.label_spelling import camera_key
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.errors import UserError
from learning_reid.frames.images import natural_sort
from learning_reid.metrics.labels import DISTRACTOR, Labels

MAX_CAMERAS_LISTED = 12


@dataclass(frozen=True, eq=False)
class QueryGallerySplit:
    """Queries and gallery of a dataset, with integer labels for identities and cameras."""

    dataset: CropDataset  #: The dataset that the samples belong to
    query: Sequence[Sample]  #: Query samples
    gallery: Sequence[Sample]  #: Gallery samples
    query_labels: Labels  #: One entry per query
    gallery_labels: Labels  #: One entry per gallery sample
    persons: Sequence[str]  #: `persons[n]` is the identity with label n
    cameras: Sequence[str]  #: `cameras[n]` is the camera with label n

    @classmethod
    def from_samples(
        cls, dataset: CropDataset, query: Sequence[Sample], gallery: Sequence[Sample]
    ) -> "QueryGallerySplit":
        """Number the identities, cameras and images of the given samples.

        A sample that is both query and gallery gets the same image number in both, so that a protocol can exclude it.
        """
        both = [*query, *gallery]
        persons = natural_sort({sample.person_id for sample in both if sample.person_id is not None})
        cameras = natural_sort({sample.camera_id for sample in both})
        in_order = sorted(set(both), key=lambda sample: (str(sample.path), sample.box_xyxy or ()))
        person_number: dict[str | None, int] = {person: number for number, person in enumerate(persons)}
        camera_number = {camera: number for number, camera in enumerate(cameras)}
        image_number = {sample: number for number, sample in enumerate(in_order)}

        def label(samples: Sequence[Sample]) -> Labels:
            return Labels.of(
                [person_number.get(sample.person_id, DISTRACTOR) for sample in samples],
                [camera_number[sample.camera_id] for sample in samples],
                [image_number[sample] for sample in samples],
            )

        return cls(dataset, query, gallery, label(query), label(gallery), persons, cameras)

    @property
    def samples(self) -> list[Sample]:
        """Queries followed by the gallery."""
        return [*self.query, *self.gallery]

    @property
    def all_labels(self) -> Labels:
        """Labels of `samples`."""
        both = (self.query_labels, self.gallery_labels)
        parts = ([getattr(labels, field.name) for labels in both] for field in fields(Labels))
        return Labels(*(np.concatenate(part) for part in parts))

    def training_persons(self) -> np.ndarray:
        """Return the labels of the identities that the training split contains too."""
        trained = {sample.person_id for sample in self.dataset.subset("train")}
        return np.flatnonzero([person in trained for person in self.persons])


def split_query_gallery(
    dataset: CropDataset, query_cameras: Sequence[str] = (), all_as_queries: bool = False
) -> QueryGallerySplit:
    """Choose queries and gallery; training samples are never included, and distractors are never queries.

    With `query_cameras`, the images of these cameras are the queries and all other images the gallery. Otherwise the
    dataset's own split is used. A dataset without a split takes its first camera as query camera. If it has only one
    camera, every image is in both, and the protocol must exclude the query image itself.

    Args:
        dataset: Labeled crops.
        query_cameras: Camera ids, such as "1" or "c1".
        all_as_queries: Use every image of a dataset without a split as query and as gallery, for protocols that
            compare images of one camera.

    Raises:
        UserError: There is no such camera, or the query or the gallery would be empty.

    Example:
        ::

            split = split_query_gallery(open_dataset("market1501", Path("data/market")))
            len(split.query), len(split.gallery)
    """
    if not query_cameras and (dataset.subset("query") or dataset.subset("gallery")):
        return _checked(dataset, dataset.subset("query"), dataset.subset("gallery"), "the dataset's own split")
    samples = [sample for sample in dataset.samples if sample.split in ("query", "gallery")] or dataset.subset(
        "unsplit"
    )
    if not samples:
        raise UserError(f"{dataset.root} has training images only; evaluation needs a query and a gallery")
    cameras = camera_ids(samples)
    is_unsplit = len(samples) == len(dataset.samples)
    if not query_cameras and (len(cameras) == 1 or (all_as_queries and is_unsplit)):
        return _checked(dataset, samples, samples, "one camera")
    chosen = {_find_camera(camera, cameras, dataset) for camera in query_cameras} or set(cameras[:1])
    query = [sample for sample in samples if sample.camera_id in chosen]
    gallery = [sample for sample in samples if sample.camera_id not in chosen]
    return _checked(dataset, query, gallery, f"query camera {', '.join(natural_sort(chosen))}")


def _checked(
    dataset: CropDataset, query: Sequence[Sample], gallery: Sequence[Sample], source: str
) -> QueryGallerySplit:
    query = [sample for sample in query if sample.person_id is not None]
    if query and gallery:
        return QueryGallerySplit.from_samples(dataset, query, list(gallery))
    missing = "gallery image" if query else "query image of a known identity"
    advice = (
        "choose other cameras with --query-camera"
        if "camera" in source
        else "add such images, or split by camera with --query-camera"
    )
    raise UserError(f"{dataset.root}: splitting by {source} leaves no {missing}; {advice}")


def _find_camera(wanted: str, cameras: list[str], dataset: CropDataset) -> str:
    for matches in (lambda camera: camera == wanted, lambda camera: camera_key(camera) == camera_key(wanted)):
        for camera in filter(matches, cameras):
            return camera
    listed = ", ".join(camera or "(none)" for camera in cameras[:MAX_CAMERAS_LISTED])
    more = ", …" if len(cameras) > MAX_CAMERAS_LISTED else ""
    raise UserError(f"{dataset.root} has no camera {wanted!r}; its cameras are {listed}{more}")
