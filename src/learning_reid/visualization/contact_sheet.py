"""One image of a synthetic dataset: people as each camera sees them, their attributes, and frames with boxes."""

import csv
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten, wrap

import numpy as np

from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.sample import Sample
from learning_reid.frames.images import image_files, read_image
from learning_reid.frames.mot import MotTable, read_mot
from learning_reid.visualization.crop_grid import NEUTRAL, show_crop
from learning_reid.visualization.drawing import BLACK, OTHER_STYLE, BoxStyle, LabeledBox, draw_boxes
from learning_reid.visualization.figures import Page, save_figure

MAX_PEOPLE = 16
MAX_VIEWS = 4
_WIDTH, _MARGIN, _GAP, _HEADING, _TITLE = 14.0, 0.25, 0.07, 0.95, 0.3  # inches
_TEXT_CELLS = 2  # width of the text beside the crops of a person, in crops
_ATTRIBUTES = ("top", "bottom", "shoes", "hair", "hat", "bag", "carried")
_IGNORED_STYLE = BoxStyle(BLACK, 0.5)


def draw_contact_sheet(folder: Path, path: Path) -> None:
    """Draw an overview of a dataset written by `synth`.

    Args:
        folder: The dataset, with market/ and View_001/ ….
        path: PNG file to write.

    Raises:
        UserError: A part of the dataset is missing, or the file cannot be written.
    """
    crops = open_dataset("market1501", folder / "market")
    people = _first_crops([sample for sample in crops.samples if sample.person_id is not None])
    attributes = _read_attributes(folder / "market" / "attributes.csv")
    cameras = sorted({sample.camera_id for sample in crops.samples}, key=int)
    changed = [person for person in people if attributes[person].get("changed_top")]
    shown = _choose_people(list(people), changed)
    sheet = _Sheet(len(shown), len(cameras), sorted(folder.glob("View_*/"))[:MAX_VIEWS])
    cameras_text = f"each of {len(cameras)} cameras" if len(cameras) > 1 else "the only camera"
    note = f"{len(shown)} of {len(people)} people, one crop from {cameras_text}; below, the most crowded frames"
    sheet.page.write(_MARGIN, 0.2, "Synthetic people", va="top", fontsize=15, fontweight="bold")
    sheet.page.write(_MARGIN, 0.55, note, va="top", fontsize=9, color="#444444")
    for index, person in enumerate(shown):
        files = [people[person][camera].path for camera in cameras]
        sheet.show_person(index, files, _describe(person, attributes[person]))
    sheet.show_views()
    save_figure(sheet.page.figure, path)


class _Sheet:
    """The layout: people in blocks of columns, each with crops and text; below, camera views in two columns."""

    def __init__(self, num_people: int, num_cameras: int, views: Sequence[Path]) -> None:
        num_blocks = max(2, 12 // (num_cameras + _TEXT_CELLS))
        self._rows = -(-num_people // num_blocks)
        self._block = (_WIDTH - 2 * _MARGIN) / num_blocks
        self._cell = self._block / (num_cameras + _TEXT_CELLS)  # a crop is one cell wide and two high
        self._views, self._columns = views, min(2, len(views))
        self._view_width = (_WIDTH - 2 * _MARGIN - (self._columns - 1) * _GAP) / self._columns
        self._view_height = 0.75 * self._view_width + _TITLE
        self._views_top = _HEADING + self._rows * 2 * self._cell + _TITLE
        height = self._views_top + -(-len(views) // self._columns) * self._view_height + _MARGIN
        self.page = Page(_WIDTH, height, dpi=100)

    def show_person(self, index: int, crops: Sequence[Path], text: str) -> None:
        block, row = divmod(index, self._rows)
        left, top = _MARGIN + block * self._block, _HEADING + row * 2 * self._cell
        for crop in crops:
            ax = self.page.add_axes(left, top, self._cell - _GAP, 2 * (self._cell - _GAP))
            show_crop(ax, read_image(crop), NEUTRAL)
            for spine in ax.spines.values():
                spine.set_linewidth(0.5)
            left += self._cell
        self.page.write(left + 0.06, top + 0.06, text, va="top", fontsize=8, linespacing=1.4)

    def show_views(self) -> None:
        for index, view in enumerate(self._views):
            row, column = divmod(index, self._columns)
            left, top = _MARGIN + column * (self._view_width + _GAP), self._views_top + row * self._view_height
            ax = self.page.add_axes(left, top, self._view_width, self._view_height - _TITLE)
            ax.imshow(_most_crowded_frame(view), aspect="auto")
            ax.set_title(view.name, fontsize=9, loc="left", pad=3)
            ax.axis("off")


def _choose_people(people: Sequence[str], changed: Sequence[str]) -> list[str]:
    """Choose people at regular distances; half of them change clothes, if there are any who do."""
    half = MAX_PEOPLE // 2 if changed else 0
    shown = {*_spaced(changed, half), *_spaced(people, MAX_PEOPLE - half)}
    return [person for person in people if person in shown]


def _spaced(people: Sequence[str], count: int) -> list[str]:
    return [people[index] for index in np.unique(np.linspace(0, len(people) - 1, count).round().astype(int))]


def _first_crops(samples: Sequence[Sample]) -> dict[str, dict[str, Sample]]:
    """Return person → camera → the first crop."""
    people: dict[str, dict[str, Sample]] = {}
    for sample in sorted(samples, key=lambda sample: sample.path.name):
        people.setdefault(str(sample.person_id), {}).setdefault(sample.camera_id, sample)
    return people


def _read_attributes(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return {row["person_id"]: row for row in csv.DictReader(stream)}


def _describe(person: str, attributes: dict[str, str]) -> str:
    values = [attributes[key] for key in _ATTRIBUTES if attributes[key] not in ("none", "")]
    changed = ", then " + attributes["changed_top"] if attributes.get("changed_top") else ""
    lines = [line for value in (values[0] + changed, *values[1:]) for line in wrap(shorten(value, 60), 22)]
    return "\n".join([person, *lines[:9]])


def _most_crowded_frame(view: Path) -> np.ndarray:
    """Draw the frame with the most people: white numbered boxes, black ones for ignored people."""
    truth = read_mot(view / "gt.txt")
    frames = image_files(view)
    crowded = int(np.argmax(np.bincount(truth.frame[truth.score > 0], minlength=len(frames))))
    return draw_boxes(read_image(frames[crowded]), _boxes(truth.at(crowded)))


def _boxes(rows: MotTable) -> list[LabeledBox]:
    return [
        LabeledBox(box, OTHER_STYLE, str(person)) if score else LabeledBox(box, _IGNORED_STYLE)
        for person, box, score in zip(rows.person_id.tolist(), rows.boxes_xyxy, rows.score.tolist(), strict=True)
    ]
