"""Dataset checks of labels: identities on both sides of a split, without a match, or seen by one camera."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from learning_reid.datasets.findings import Findings, Severity
from learning_reid.datasets.identity_split import camera_ids
from learning_reid.datasets.overlap import identity_overlap
from learning_reid.datasets.sample import Sample
from learning_reid.frames.images import natural_sort

MISSING_VALUES = {"nan", "none", "null", "n/a", "na", "unknown"}
GROUPS = {"train": "train", "query": "test", "gallery": "test", "unsplit": "all"}  # identities are compared per group


def check_identities(samples: Sequence[Sample], found: Findings) -> None:
    """Add identities that are in train and test, only in the query, badly named, or seen by one camera."""
    people: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.person_id is not None:
            people[GROUPS[sample.split]].add(sample.person_id)
    what = "identities both in train and in test"
    advice = "move all images of a person to one side: a model must not be tested on its training identities"
    _add_people(found, people["train"] & (people["test"] | people["all"]), "train-and-test", "error", what, advice)
    _check_names(set().union(*people.values()), found)
    query, gallery = (_in_splits(samples, split) for split in ("query", "gallery"))
    missing = set(identity_overlap(query, gallery).missing) if query and gallery else set()
    what = "identities in the query that are not in the gallery"
    advice = "their queries are skipped and counted; add images of them by another camera to the gallery"
    _add_people(found, missing, "query-only", "warning", what, advice)
    if len(camera_ids(samples)) > 1:
        known = [s for s in samples if s.split in ("train", "unsplit") or s.person_id not in missing]
        _check_cameras(known if query and gallery else _in_splits(samples, "train", "unsplit"), found)


def check_splits(samples: Sequence[Sample], found: Findings) -> None:
    """Add what these splits and cameras prevent in an evaluation, or leave to a default."""
    query, gallery, unsplit = (_in_splits(samples, split) for split in ("query", "gallery", "unsplit"))
    cameras = camera_ids([*query, *gallery, *unsplit])

    def add(code: str, severity: Severity, what: str, advice: str) -> None:
        found.add(code, severity, what, advice, count=0)

    if len(cameras) == 1:
        camera = f"camera {cameras[0]}" if cameras[0] else "no camera is named"
        advice = "use --protocol single-camera, which excludes the query image only; do not compare with other results"
        add("one-camera", "warning", f"all images for evaluation are from one camera ({camera})", advice)
    if not query and not gallery and not cameras:
        add("only-train", "warning", "there are training images only", "`evaluate` needs a query and a gallery")
    elif not query and not gallery:
        first = cameras[0] or "(not named)"
        advice = (
            "`evaluate` compares every image with all others"
            if len(cameras) == 1
            else f"`evaluate` uses camera {first} as query and the others as gallery; choose with --query-camera"
        )
        add("no-split", "note", "there is no query/gallery split", advice)
    elif not query or not gallery:
        absent, present = ("query", "gallery") if not query else ("gallery", "query")
        advice = f"add the {absent} images, or split by camera: evaluate --query-camera {cameras[0] or 'C'}"
        add(f"no-{absent}", "error", f"there is a {present} but no {absent}", advice)


def _check_names(people: set[str], found: Findings) -> None:
    if len(people) == 1:
        advice = "no one can be confused with anyone, so every metric is 100 %; add more people"
        found.add("one-identity", "error", "there is one identity only", advice, min(people))
    similar: dict[str, list[str]] = defaultdict(list)
    for person in people:
        similar[person.casefold().lstrip("0")].append(person)
    groups = [" and ".join(natural_sort(names)) for names in similar.values() if len(names) > 1]
    what = "identities whose names differ only in zeros or capitals"
    advice = "ids are text, so these are different people; write each person one way"
    _add_people(found, groups, "ids-alike", "warning", what, advice)
    unnamed = [person for person in people if person.casefold() in MISSING_VALUES]
    advice = "they count as one person; give each image its own id, or leave the id of gallery distractors empty"
    _add_people(found, unnamed, "no-name", "warning", "identities named like a missing value", advice)


def _check_cameras(samples: Sequence[Sample], found: Findings) -> None:
    cameras_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for sample in samples:
        if sample.person_id is not None:
            cameras_of[GROUPS[sample.split], sample.person_id].add(sample.camera_id)
    for group in ("train", "test", "all"):
        once = [person for (where, person), cameras in cameras_of.items() if where == group and len(cameras) == 1]
        what = f"{'' if group == 'all' else f'{group} '}identities seen by one camera only"
        advice = (
            "a model learns nothing about other cameras from them; add images by a second camera if you can"
            if group == "train"
            else "they have no match across cameras: their queries are skipped and counted; add a second camera"
        )
        _add_people(found, once, f"one-camera-identities-{group}", "warning", what, advice)


def _in_splits(samples: Sequence[Sample], *splits: str) -> list[Sample]:
    return [sample for sample in samples if sample.split in splits]


def _add_people(found: Findings, people: Iterable[str], code: str, severity: Severity, what: str, advice: str) -> None:
    for person in natural_sort(people):
        found.add(code, severity, what, advice, person)
