"""Who learns and who is tested; who asks and who answers. People are divided, never the pictures of one person."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from learning_reid.datasets.sample import LabelledCrops, Sample
from learning_reid.errors import UserError
from learning_reid.frames.folder import natural_order

CAMERAS_TOLD = 12


def split_by_identity(samples: Sequence[Sample], share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Divide the people in two groups: all pictures of a person go to the same side.

    Divided by picture, a network would be tested on people it has learned by heart.

    Args:
        samples: any samples; their order does not matter for who goes where, and is kept on each side.
        share: of the people that go to the first side, above 0 and below 1.
        seed: same seed, same people.

    Returns:
        Both sides; strangers (person_id None) go to the second.

    Raises:
        UserError: `share` is not between 0 and 1, or there are fewer than two people.
    """
    if not 0 < share < 1:
        raise UserError(f"the share of people is {share}; give a number above 0 and below 1, such as 0.5")
    people = sorted({sample.person_id for sample in samples if sample.person_id is not None})
    if len(people) < 2:
        raise UserError(f"{len(people)} identities cannot be divided in two groups; two or more are needed")
    count = min(max(round(share * len(people)), 1), len(people) - 1)
    order = np.random.default_rng(seed).permutation(len(people))
    first = {people[index] for index in order[:count]}
    return (
        [sample for sample in samples if sample.person_id in first],
        [sample for sample in samples if sample.person_id not in first],
    )


def only_persons(crops: LabelledCrops, persons: frozenset[str]) -> LabelledCrops:
    """The pictures of some persons, and of the strangers; where these persons have none to test by, all they have."""
    kept = [sample for sample in crops.samples if sample.person_id is None or sample.person_id in persons]
    tested = [sample for sample in kept if sample.split != "train"]
    if not any(sample.person_id for sample in tested):
        tested = [replace(sample, split="unsplit") for sample in kept]
    return replace(crops, samples=tested)


def query_and_gallery(crops: LabelledCrops, query_cameras: Sequence[str] = ()) -> tuple[list[Sample], list[Sample]]:
    """Who asks and who answers.

    With the data set's own split and no cameras named: as it says. With cameras: their samples ask and all others
    answer. With neither, the first camera asks; and where there is only one, everything asks everything, so that a
    protocol must be used that removes the picture itself.

    Args:
        crops: a set; what it has for training takes no part.
        query_cameras: their ids, as "1" or "c1".

    Returns:
        Query and gallery. Strangers (person_id None) never ask.

    Raises:
        UserError: a camera that is not there, nobody to ask, or nobody to answer.
    """
    if not query_cameras and (crops.of("query") or crops.of("gallery")):
        return _both(crops, crops.of("query"), crops.of("gallery"), "the data set's own split")
    samples = _tested(crops)
    cameras = camera_ids(samples)
    if not query_cameras and len(cameras) == 1:
        return _both(crops, samples, samples, "one camera")
    asking = {_find(camera, cameras, crops) for camera in query_cameras} or set(cameras[:1])
    query = [sample for sample in samples if sample.camera_id in asking]
    gallery = [sample for sample in samples if sample.camera_id not in asking]
    return _both(crops, query, gallery, f"query camera {', '.join(natural_order(asking))}")


def camera_ids(samples: Sequence[Sample]) -> list[str]:
    """All cameras of these samples, in natural order."""
    return natural_order({sample.camera_id for sample in samples})


def _tested(crops: LabelledCrops) -> list[Sample]:
    """Query and gallery pictures, or those without a split: a CSV may know its training pictures alone."""
    of_splits = [sample for sample in crops.samples if sample.split in ("query", "gallery")]
    samples = of_splits or crops.of("unsplit")
    if not samples:
        raise UserError(f"{crops.root} has pictures for training only; there is no query and no gallery to evaluate")
    return samples


def _both(
    crops: LabelledCrops, query: Sequence[Sample], gallery: Sequence[Sample], chosen_by: str
) -> tuple[list[Sample], list[Sample]]:
    asking = [sample for sample in query if sample.person_id is not None]
    advice = (
        "choose other cameras with --query-camera"
        if "camera" in chosen_by
        else "add such pictures, or let cameras decide with --query-camera"
    )
    if not asking:
        raise UserError(f"{crops.root}: no query: by {chosen_by}, nobody known asks; {advice}")
    if not gallery:
        raise UserError(f"{crops.root}: no gallery: by {chosen_by}, nobody is left to answer; {advice}")
    return asking, list(gallery)


def _find(wanted: str, cameras: list[str], crops: LabelledCrops) -> str:
    alike = [camera for camera in cameras if camera == wanted] or [
        camera for camera in cameras if _plain(camera) == _plain(wanted)
    ]
    if not alike:
        listed = ", ".join(camera or "(none)" for camera in cameras[:CAMERAS_TOLD])
        more = ", …" if len(cameras) > CAMERAS_TOLD else ""
        raise UserError(f"{crops.root} has no camera {wanted!r}; its cameras are {listed}{more}")
    return alike[0]


def _plain(camera: str) -> str:
    """`c1`, `C01` and `1` are one camera to the person who types it."""
    return camera.casefold().removeprefix("c").lstrip("0")
