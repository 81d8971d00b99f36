"""The faces of a lesson: drawn on the spot, or those of CASIA-WebFace where the reader can fetch them."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from tqdm.auto import tqdm

from src.reid_data.kaggle import fetch
from src.reid_data.registry import open_crops
from src.reid_data.sample import LabelledCrops
from src.report.cells import RIGHT, UNKNOWN, WRONG
from src.settings.errors import UserError
from src.synthetic.sets.face_set import FacePlan, write_faces
from src.teaching.notebook import ROOT
from src.teaching.people import is_smoke
from src.teaching.pictures import show

LESSON_FACES = FacePlan(train_people=150, test_people=0, pictures_each=10)
SMOKE_FACES = FacePlan(train_people=16, test_people=0, pictures_each=6)


def open_faces(data: str = "embedded", plan: FacePlan = LESSON_FACES, seed: int = 7) -> LabelledCrops:
    """Labelled pictures of faces.

    Args:
        data: "embedded": faces that never existed, drawn on first use. "casia-webface": the real set, from Kaggle.
        plan: how many, for "embedded"; with REID_SMOKE=1 always a handful.
        seed: which faces, for "embedded".

    Raises:
        UserError: another name, or the real set cannot be fetched.
    """
    if data == "casia-webface":
        return fetch("casia-webface").crops
    if data != "embedded":
        raise UserError(f'no faces {data!r} for a lesson: DATA is "embedded" or "casia-webface"')
    plan = SMOKE_FACES if is_smoke() else plan
    name = f"lesson_faces_{seed}_{plan.train_people}_{plan.test_people}_{plan.pictures_each}"
    place = ROOT / "data" / "generated" / name
    if not (place / "labels.csv").exists():  # which is written last
        with tqdm(total=plan.pictures, desc="drawing faces", unit="face", leave=False) as bar:
            write_faces(place, plan, seed, done=bar.update)
    return open_crops("csv", place)


def show_faces(
    rows: Sequence[Sequence[np.ndarray]],
    words: str,
    titles: Sequence[Sequence[str]] | None = None,
    right: Sequence[bool | None] | None = None,
) -> None:
    """Show square pictures in a grid.

    Args:
        rows: pictures (h, w, 3) uint8 RGB, row by row, all rows of one length.
        words: see `show`.
        titles: a few characters above each picture; rows of them as many as `rows` has.
        right: for each row, True draws green frames, False red ones, None grey ones.
    """
    columns = len(rows[0])
    figure, cells = plt.subplots(
        len(rows), columns, figsize=(0.95 * columns, (0.95 + 0.22 * bool(titles)) * len(rows)), squeeze=False
    )
    for number, (row, line) in enumerate(zip(rows, cells, strict=True)):
        answer = right[number] if right else None
        colour = UNKNOWN if answer is None else RIGHT if answer else WRONG
        for column, (picture, cell) in enumerate(zip(row, line, strict=True)):
            cell.imshow(picture)
            cell.set(xticks=[], yticks=[])
            cell.grid(False)
            for side in cell.spines.values():
                side.set(color=colour, linewidth=1 if answer is None else 3, visible=True)
            if titles:
                cell.set_title(titles[number][column], fontsize=8)
    show(figure, words)
