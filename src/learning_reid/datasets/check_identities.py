"""The doctor's look at who is where: people on the wrong side, people nobody can find, cameras that are too few."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from learning_reid.datasets.findings import Findings, Severity
from learning_reid.datasets.overlap import overlap
from learning_reid.datasets.sample import Sample
from learning_reid.datasets.identity_split import camera_ids
from learning_reid.frames.images import natural_sort

NO_NAMES = {"nan", "none", "null", "n/a", "na", "unknown"}
GROUPS = {"train": "train", "query": "test", "gallery": "test", "unsplit": "all"}  # who is compared with whom


def check_people(samples: Sequence[Sample], found: Findings) -> None:
    """Tell identities that are in train and test, only in the query, or seen by one camera only."""
    people: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.person_id is not None:
            people[GROUPS[sample.split]].add(sample.person_id)
    _tell(
        found,
        people["train"] & people["test"],
        "train-and-test",
        "error",
        "identities both in train and in test",
        "move all pictures of a person to one side: a network must not be tested on people it has learned",
    )
    _check_names(set().union(*people.values()), found)
    query, gallery = (_of(samples, split) for split in ("query", "gallery"))
    unseen = set(overlap(query, gallery).missing) if query and gallery else set()
    _tell(
        found,
        unseen,
        "query-only",
        "warning",
        "identities in the query that the gallery does not show",
        "their queries are skipped and counted; add pictures of them to the gallery, by another camera",
    )
    if len(camera_ids(samples)) > 1:
        known = [sample for sample in samples if sample.split in ("train", "unsplit") or sample.person_id not in unseen]
        _check_cameras(known if query and gallery else _of(samples, "train", "unsplit"), found)


def _check_names(people: set[str], found: Findings) -> None:
    if len(people) == 1:
        advice = "nobody can be mistaken for anybody, so every figure is 100 %; add more people"
        found.add("one-identity", "error", "there is one identity only", advice, min(people))
    alike: dict[str, list[str]] = defaultdict(list)
    for person in people:
        alike[person.casefold().lstrip("0")].append(person)
    twins = [" and ".join(natural_sort(names)) for names in alike.values() if len(names) > 1]
    _tell(
        found,
        twins,
        "ids-alike",
        "warning",
        "identities whose names differ in zeros or capitals alone",
        "ids are text, so these are different people; write one person one way",
    )
    _tell(
        found,
        [person for person in people if person.casefold() in NO_NAMES],
        "no-name",
        "warning",
        "identities named as programs write a missing value",
        "these are one person here; give each picture its own id, or leave strangers of the gallery empty",
    )


def check_roles(samples: Sequence[Sample], found: Findings) -> None:
    """Tell what an evaluation cannot do, or will have to choose, with these splits and cameras."""
    query, gallery, unsplit = (_of(samples, split) for split in ("query", "gallery", "unsplit"))
    cameras = camera_ids([*query, *gallery, *unsplit])
    if len(cameras) == 1:
        who = f"camera {cameras[0]}" if cameras[0] else "no camera is named"
        found.add(
            "one-camera",
            "warning",
            f"all pictures to be evaluated are from one camera ({who})",
            "use --protocol single-camera, which removes the picture itself only; its figures do not compare to others",
            count=0,
        )
    if not query and not gallery:
        _tell_no_split(samples, cameras, found)
    elif not query or not gallery:
        absent, present = ("query", "gallery") if not query else ("gallery", "query")
        found.add(
            f"no-{absent}",
            "error",
            f"there is a {present} but no {absent}",
            f"add the {absent} pictures, or let cameras decide: evaluate --query-camera {cameras[0] or 'C'}",
            count=0,
        )


def _check_cameras(samples: Sequence[Sample], found: Findings) -> None:
    seen_by: dict[tuple[str, str], set[str]] = defaultdict(set)
    for sample in samples:
        if sample.person_id is not None:
            seen_by[GROUPS[sample.split], sample.person_id].add(sample.camera_id)
    advice = {
        "train": "they teach nothing about another camera's view; add pictures by a second one where you can",
        "test": "nobody finds them across cameras: their queries are skipped and counted; add a second camera",
    }
    for group in ("train", "test", "all"):
        once = [person for (where, person), cameras in seen_by.items() if where == group and len(cameras) == 1]
        what = f"{'' if group == 'all' else f'{group} '}identities seen by one camera only"
        _tell(found, once, f"one-camera-identities-{group}", "warning", what, advice.get(group, advice["test"]))


def _tell_no_split(samples: Sequence[Sample], cameras: list[str], found: Findings) -> None:
    if not cameras:
        found.add("only-train", "warning", "there are pictures for training only", "`evaluate` needs others", count=0)
        return
    elif len(cameras) == 1:
        what, advice = "there is no split in query and gallery", "`evaluate` lets every picture ask all others"
    else:
        what = "there is no split in query and gallery"
        first = cameras[0] or "(not named)"
        advice = f"`evaluate` lets camera {first} ask and the others answer; choose with --query-camera"
    found.add("no-split", "note", what, advice, count=0)


def _of(samples: Sequence[Sample], *splits: str) -> list[Sample]:
    return [sample for sample in samples if sample.split in splits]


def _tell(found: Findings, people: Iterable[str], code: str, severity: Severity, what: str, advice: str) -> None:
    for person in natural_sort(people):
        found.add(code, severity, what, advice, person)
