"""A generated data set on one page: people as each camera takes them, what they wear in words, frames with boxes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten, wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.sample import Sample
from learning_reid.frames.images import image_files, read_image
from learning_reid.frames.mot import MotTable, read_mot
from learning_reid.visualization.crop_grid import NEUTRAL, show_crop
from learning_reid.visualization.drawing import BLACK, OTHER_STYLE, LabeledBox, BoxStyle, draw_boxes
from learning_reid.visualization.figures import save_figure

PEOPLE = 16  # at most
VIEWS = 4
_WIDE, _MARGIN, _GAP, _HEAD, _TITLE = 14.0, 0.25, 0.07, 0.95, 0.3  # inches
_WORDS = 2  # cells beside the crops of a person
_TOLD = ("top", "bottom", "shoes", "hair", "hat", "bag", "carried")
_HIDDEN = BoxStyle(BLACK, 0.5)


def draw_contact_sheet(folder: Path, path: Path) -> None:
    """Draw what `synth` wrote.

    Args:
        folder: with market/ and View_001/ ….
        path: the PNG file to write.

    Raises:
        UserError: something is missing, or the file cannot be written.
    """
    crops = open_dataset("market1501", folder / "market")
    people = _by_person([sample for sample in crops.samples if sample.person_id is not None])
    looks = _attributes(folder / "market" / "attributes.csv")
    cameras = sorted({sample.camera_id for sample in crops.samples}, key=int)
    chosen = _choose(list(people), [person for person in people if looks[person].get("changed_top")])
    page = _Page(len(chosen), len(cameras), sorted(folder.glob("View_*/"))[:VIEWS])
    by = f"each of {len(cameras)} cameras" if len(cameras) > 1 else "the one camera"
    page.write_title(f"{len(chosen)} of {len(people)} people, a crop by {by}; below, the busiest frames")
    for index, person in enumerate(chosen):
        page.show_person(index, [people[person][camera].path for camera in cameras], _words(person, looks[person]))
    page.show_views()
    save_figure(page.figure, path)


class _Page:
    """Where everything goes: people in blocks of columns, each with its crops and words; views in two columns."""

    def __init__(self, people: int, cameras: int, views: Sequence[Path]) -> None:
        blocks = max(2, 12 // (cameras + _WORDS))
        self._rows = -(-people // blocks)
        self._block = (_WIDE - 2 * _MARGIN) / blocks
        self._cell = self._block / (cameras + _WORDS)  # a crop is one wide and two high
        self._views, self._columns = views, min(2, len(views))
        self._view_wide = (_WIDE - 2 * _MARGIN - (self._columns - 1) * _GAP) / self._columns
        self._view_high = 0.75 * self._view_wide + _TITLE
        self._views_top = _HEAD + self._rows * 2 * self._cell + _TITLE
        self._high = self._views_top + -(-len(views) // self._columns) * self._view_high + _MARGIN
        self.figure = Figure(figsize=(_WIDE, self._high), dpi=100, facecolor="white")

    def write_title(self, note: str) -> None:
        self._write(_MARGIN, 0.2, "People who never existed", fontsize=15, fontweight="bold")
        self._write(_MARGIN, 0.55, note, fontsize=9, color="#444444")

    def show_person(self, index: int, crops: Sequence[Path], words: str) -> None:
        block, row = divmod(index, self._rows)
        left, top = _MARGIN + block * self._block, _HEAD + row * 2 * self._cell
        for crop in crops:
            axes = self._axes(left, top, self._cell - _GAP, 2 * (self._cell - _GAP))
            show_crop(axes, read_image(crop), NEUTRAL)
            for side in axes.spines.values():
                side.set_linewidth(0.5)
            left += self._cell
        self._write(left + 0.06, top + 0.06, words, fontsize=8, linespacing=1.4)

    def show_views(self) -> None:
        for index, view in enumerate(self._views):
            row, column = divmod(index, self._columns)
            left, top = _MARGIN + column * (self._view_wide + _GAP), self._views_top + row * self._view_high
            axes = self._axes(left, top, self._view_wide, self._view_high - _TITLE)
            axes.imshow(_busiest(view), aspect="auto")
            axes.set_title(view.name, fontsize=9, loc="left", pad=3)
            axes.axis("off")

    def _axes(self, left: float, top: float, wide: float, high: float) -> Axes:
        """Axes at a place counted in inches from the top left corner."""
        return self.figure.add_axes((left / _WIDE, 1 - (top + high) / self._high, wide / _WIDE, high / self._high))

    def _write(self, left: float, top: float, words: str, **style: Any) -> None:
        self.figure.text(left / _WIDE, 1 - top / self._high, words, va="top", **style)


def _choose(people: Sequence[str], changed: Sequence[str]) -> list[str]:
    """Some of the people, evenly; half of them such as change clothes, where there are any."""
    half = PEOPLE // 2 if changed else 0
    shown = {*_evenly(changed, half), *_evenly(people, PEOPLE - half)}
    return [person for person in people if person in shown]


def _evenly(people: Sequence[str], count: int) -> list[str]:
    return [people[index] for index in np.unique(np.linspace(0, len(people) - 1, count).round().astype(int))]


def _by_person(samples: Sequence[Sample]) -> dict[str, dict[str, Sample]]:
    """For each person and camera, the first crop."""
    people: dict[str, dict[str, Sample]] = {}
    for sample in sorted(samples, key=lambda sample: sample.path.name):
        people.setdefault(str(sample.person_id), {}).setdefault(sample.camera_id, sample)
    return people


def _attributes(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return {row["person_id"]: row for row in csv.DictReader(stream)}


def _words(person: str, look: dict[str, str]) -> str:
    told = [look[key] for key in _TOLD if look[key] not in ("none", "")]
    changed = ", then " + look["changed_top"] if look.get("changed_top") else ""
    lines = [line for words in (told[0] + changed, *told[1:]) for line in wrap(shorten(words, 60), 22)]
    return "\n".join([person, *lines[:9]])


def _busiest(view: Path) -> np.ndarray:
    """The frame that shows most people, with their boxes: white and numbered where they are to be found, else black."""
    truth = read_mot(view / "gt.txt")
    frames = image_files(view)
    busy = int(np.argmax(np.bincount(truth.frame[truth.score > 0], minlength=len(frames))))
    return draw_boxes(read_image(frames[busy]), _marks(truth.at(busy)))


def _marks(rows: MotTable) -> list[LabeledBox]:
    return [
        LabeledBox(box, OTHER_STYLE, str(person)) if score else LabeledBox(box, _HIDDEN)
        for person, box, score in zip(rows.person_id.tolist(), rows.boxes_xyxy, rows.score.tolist(), strict=True)
    ]
