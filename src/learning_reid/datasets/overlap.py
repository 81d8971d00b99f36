"""Find which query identities have a true match in the gallery, seen by another camera."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from learning_reid.datasets.sample import Sample
from learning_reid.frames.images import natural_sort

MAX_NAMES = 5


class IdentityOverlap(NamedTuple):
    """The identities of the query, each list in natural order."""

    missing: list[str]  #: Not in the gallery
    #: In the gallery only from the query's own camera, whose images the usual protocol excludes
    same_camera_only: list[str]
    matched: list[str]  #: At least one query has a valid match


def identity_overlap(query: Sequence[Sample], gallery: Sequence[Sample]) -> IdentityOverlap:
    """Group the query identities by whether a match remains under the same-camera rule."""
    query_cameras, gallery_cameras = _cameras_of_identities(query), _cameras_of_identities(gallery)
    overlap = IdentityOverlap([], [], [])
    for person in natural_sort(query_cameras):
        cameras = gallery_cameras.get(person, set())
        if not cameras:
            overlap.missing.append(person)
        elif any(cameras - {camera} for camera in query_cameras[person]):
            overlap.matched.append(person)
        else:
            overlap.same_camera_only.append(person)
    return overlap


def explain_no_valid_match(query: Sequence[Sample], gallery: Sequence[Sample]) -> str:
    """Explain in two lines why no query has a valid match, and what to do."""
    overlap = identity_overlap(query, gallery)
    reasons = [
        f"{len(people)} {what} ({_listed(people)})"
        for people, what in (
            (overlap.matched, "with a match"),
            (overlap.missing, "not in the gallery"),
            (overlap.same_camera_only, "in the gallery from the query's own camera only"),
        )
        if people
    ]
    message = f"no query has a valid match: of {sum(map(len, overlap))} identities, {', '.join(reasons)}."
    return f"{message}\n{_advice(overlap, query, gallery)}"


def _cameras_of_identities(samples: Sequence[Sample]) -> dict[str, set[str]]:
    cameras: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.person_id is not None:
            cameras[sample.person_id].add(sample.camera_id)
    return cameras


def _listed(people: Sequence[str]) -> str:
    return ", ".join(people[:MAX_NAMES]) + (", …" if len(people) > MAX_NAMES else "")


def _advice(overlap: IdentityOverlap, query: Sequence[Sample], gallery: Sequence[Sample]) -> str:
    if not overlap.same_camera_only:
        return "Check that both sides write an identity the same way, or choose other cameras with --query-camera."
    if len({sample.camera_id for sample in (*query, *gallery)}) == 1:
        return "All images are from one camera: evaluate them with --protocol single-camera."
    return (
        "Each of these identities was seen by one camera: --protocol self-only keeps images of the same camera "
        "(the results are then much better than across cameras)."
    )
