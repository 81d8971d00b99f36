"""One folder per person: the simplest way to sort images by hand."""

import os
from pathlib import Path

from learning_reid.datasets.file_names import camera_in
from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.listing import images_in, sub_folders
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample
from learning_reid.frames.images import natural_sort


@register_dataset("identities", about="one folder for each person")
def read_identities(root: Path, found: Findings) -> list[Sample]:
    """Read one folder per person, without splits.

    ::

        anna/1_c2.jpg        camera "2", from the file name
        anna/door/1.jpg      camera "door", from the folder
        anna/1.jpg           camera ""
    """
    for image in images_in(root):
        what = "images left out because they are not in a person's folder"
        found.add("no-identity", "warning", what, "move each into a folder with the person's name", image.name)
    samples = [sample for folder in sub_folders(root) for sample in _read_person(folder, found)]
    if not samples:
        raise WrongLayout(f"{root} contains no folders with images; one folder for each person was expected")
    return samples


def _read_person(folder: Path, found: Findings) -> list[Sample]:
    samples = []
    for place, below, _ in os.walk(folder):
        below[:] = natural_sort(name for name in below if not name.startswith("."))
        inside = Path(place).relative_to(folder).parts
        for image in images_in(Path(place), found):
            camera_id = camera_in(image.stem) or (inside[0] if inside else "")
            samples.append(Sample(image, folder.name, camera_id))
    return samples
