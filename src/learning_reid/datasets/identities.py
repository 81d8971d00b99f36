"""One folder for each person: the simplest way to sort pictures by hand."""

import os
from pathlib import Path

from learning_reid.datasets.file_names import camera_in
from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.layouts import register_dataset
from learning_reid.datasets.listing import pictures_in, sub_folders
from learning_reid.datasets.sample import Sample
from learning_reid.frames.folder import natural_order


@register_dataset("identities", about="one folder for each person")
def read_identities(root: Path, found: Findings) -> list[Sample]:
    """Pictures at ROOT/PERSON/ or ROOT/PERSON/CAMERA/, without splits.

    The camera is what the file name says (`_c2`), else the name of the folder below the person's, else "".

    Raises:
        UserError: no folders there, or a folder that cannot be listed.
    """
    for picture in pictures_in(root):
        found.add(
            "no-identity",
            "warning",
            "pictures left out because they lie in no person's folder",
            "move each into a folder with the person's name",
            picture.name,
        )
    samples = [sample for folder in sub_folders(root) for sample in _person(folder, found)]
    if not samples:
        raise WrongLayout(f"{root} holds no folders with pictures; one folder for each person was expected")
    return samples


def _person(folder: Path, found: Findings) -> list[Sample]:
    samples = []
    for place, below, _ in os.walk(folder):
        below[:] = natural_order(name for name in below if not name.startswith("."))
        inside = Path(place).relative_to(folder).parts
        for picture in pictures_in(Path(place), found):
            camera_id = camera_in(picture.stem) or (inside[0] if inside else "")
            samples.append(Sample(picture, folder.name, camera_id))
    return samples
