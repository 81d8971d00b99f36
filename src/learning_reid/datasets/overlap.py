"""Which people can be found at all: those whom the gallery shows, seen by another camera than the one that asks."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from learning_reid.datasets.sample import Sample
from learning_reid.frames.images import natural_sort

NAMED = 5


class Overlap(NamedTuple):
    """The people of the query, in natural order of their names.

    Attributes:
        missing: nobody of that name in the gallery.
        own_camera_only: there, but only in the camera that asks, whose pictures the usual rule removes.
        found: at least one of their queries has a valid match.
    """

    missing: list[str]
    own_camera_only: list[str]
    found: list[str]


def overlap(query: Sequence[Sample], gallery: Sequence[Sample]) -> Overlap:
    """Sort the people of the query by whether a match is left under the same-camera rule."""
    answering: dict[str, set[str]] = defaultdict(set)
    asking: dict[str, set[str]] = defaultdict(set)
    for sample in gallery:
        if sample.person_id is not None:
            answering[sample.person_id].add(sample.camera_id)
    for sample in query:
        if sample.person_id is not None:
            asking[sample.person_id].add(sample.camera_id)
    sorted_people = Overlap([], [], [])
    for person in natural_sort(asking):
        cameras = answering.get(person, set())
        if not cameras:
            sorted_people.missing.append(person)
        elif any(cameras - {camera} for camera in asking[person]):
            sorted_people.found.append(person)
        else:
            sorted_people.own_camera_only.append(person)
    return sorted_people


def explain_no_valid_match(query: Sequence[Sample], gallery: Sequence[Sample]) -> str:
    """Why no query has a valid match, and what to do: two lines.

    Args:
        query: the samples that ask.
        gallery: the samples that answer.
    """
    people = overlap(query, gallery)
    total = sum(map(len, people))
    reasons = [f"{len(people.found)} can be found ({named(people.found)})"] if people.found else []
    if people.missing:
        reasons.append(f"{len(people.missing)} not in the gallery at all ({named(people.missing)})")
    if people.own_camera_only:
        who = named(people.own_camera_only)
        reasons.append(f"{len(people.own_camera_only)} in the gallery by the query's own camera only ({who})")
    told = f"no query has a valid match: of {total} identities, {', '.join(reasons)}."
    return f"{told}\n{_way_out(people, query, gallery)}"


def named(people: Sequence[str]) -> str:
    """The first five names.

    >>> named(["1", "2", "3", "4", "5", "6"])
    '1, 2, 3, 4, 5, …'
    """
    return ", ".join(people[:NAMED]) + (", …" if len(people) > NAMED else "")


def _way_out(people: Overlap, query: Sequence[Sample], gallery: Sequence[Sample]) -> str:
    if not people.own_camera_only:
        return "Check that both sides write the same person the same way, or choose other cameras with --query-camera."
    cameras = {sample.camera_id for sample in (*query, *gallery)}
    if len(cameras) == 1:
        return "All pictures are from one camera: --protocol single-camera evaluates that, and says so."
    return (
        "Each of these people was seen by one camera: --protocol self-only leaves pictures of the same camera in "
        "(the figures are then far better than across cameras)."
    )
