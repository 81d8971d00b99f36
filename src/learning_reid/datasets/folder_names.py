"""Tell folders of people from folders of another meaning: splits, cameras, kinds of images."""

import re

_WORD = re.compile(r"[a-z]+|[0-9]+")
_SPLITS = {
    *("train", "training", "trainval", "val", "valid", "validation", "test", "testing", "eval", "evaluation"),
    *("query", "queries", "gallery", "galleries", "probe", "probes", "distractor", "distractors", "junk"),
    *("detected", "labeled", "labelled"),  # the two versions of CUHK03
}
_IMAGES = {
    *("bbox", "bboxes", "crop", "crops", "frame", "frames", "img", "imgs", "image", "images", "photo", "photos"),
    *("shot", "shots", "sequence", "sequences", "tracklet", "tracklets", "video", "videos", "data", "dataset"),
    *("people", "persons", "identities", "pedestrians", "faces"),  # one for each person was expected
    *("rgb", "visible", "vis", "thermal", "infrared", "ir", "nir", "depth", "sketch"),
}
_CAMERAS = {"cam", "camera", "view"}  # with a number or a letter, because Cam alone may be a person
_ADDED = {
    *("bounding", "box", "boxes", "mask", "gt", "all", "set", "split", "multi", "single", "new", "old"),
    *("body", "full", "occluded", "partial", "whole"),
}


def is_split_name(name: str) -> bool:
    """Return whether a folder of this name is a part of a dataset.

    >>> [is_split_name(name) for name in ("query", "bounding_box_train", "mask_test_v2", "Images_detected", "anna")]
    [True, True, True, True, False]
    """
    words, _ = _split_words(name)
    return bool(words & _SPLITS) and words <= _SPLITS | _IMAGES | _ADDED


def is_person_name(name: str) -> bool:
    """Return whether a folder of this name can be a person's: it is not named like a split, a camera or images.

    >>> [is_person_name(name) for name in ("anna", "0005", "query", "cam_a", "View_001", "img1")]
    [True, True, False, False, False, False]
    """
    words, is_numbered = _split_words(name)
    is_other = bool(words & _IMAGES) and words <= _IMAGES | _ADDED
    is_camera = bool(words & _CAMERAS) and words <= _CAMERAS | _ADDED and is_numbered
    return not (is_split_name(name) or is_other or is_camera)


def _split_words(name: str) -> tuple[set[str], bool]:
    """Return the words of two or more letters, and whether there are numbers or single letters too."""
    parts = _WORD.findall(name.casefold())
    words = {part for part in parts if part.isalpha() and len(part) > 1}
    return words, len(words) < len(set(parts))
