"""Pictures of single decisions: two crops side by side, or one beside the nearest of a gallery."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from learning_reid.datasets.identification import Identification
from learning_reid.datasets.images import open_image, read_crop
from learning_reid.visualization.cells import RIGHT, UNKNOWN, WRONG, show_crop
from learning_reid.visualization.drawing import ORANGE
from learning_reid.visualization.figures import save_figure

_ASKED = tuple(value / 255 for value in ORANGE)


def draw_identifications(path: Path, answers: Sequence[Identification]) -> None:
    """A row for each query: the query, then its candidates; a green frame for who is accepted, grey for too far.

    Args:
        path: the PNG file to write or replace.
        answers: at least one.
    """
    columns = 1 + max(len(answer.candidates) for answer in answers)
    figure = Figure(figsize=(1.6 * columns, 4.1 * len(answers)), dpi=110, facecolor="white", layout="constrained")
    grid = figure.subplots(len(answers), columns, squeeze=False)
    for cells, answer in zip(grid, answers, strict=True):
        show_crop(cells[0], open_image(answer.query), _ASKED)
        cells[0].set_title(f"query\n{_short(answer.query.name)}", fontsize=9, fontweight="bold")
        cells[0].set_xlabel(answer.person or "not in the gallery", fontsize=9, fontweight="bold")
        for cell in cells[1 + len(answer.candidates) :]:
            cell.axis("off")
        for cell, candidate in zip(cells[1:], answer.candidates, strict=False):
            colour = RIGHT if candidate.accepted else UNKNOWN
            show_crop(cell, read_crop(candidate.sample), colour, faint=not candidate.accepted)
            cell.set_title(_short(candidate.sample.person_id or "stranger"), fontsize=9)
            cell.set_xlabel(f"{candidate.distance:.3f}" + ("" if candidate.accepted else "\ntoo far"), fontsize=9)
    save_figure(figure, path)


def draw_pair(path: Path, first: Path, second: Path, distance: float, same: bool | None) -> None:
    """Two crops, framed green where they are called one person, red where two, grey where nobody decided."""
    colour = UNKNOWN if same is None else RIGHT if same else WRONG
    words = "" if same is None else ": one person" if same else ": two persons"
    figure = Figure(figsize=(4.2, 4.4), dpi=110, facecolor="white", layout="constrained")
    for cell, picture in zip(figure.subplots(1, 2), (first, second), strict=True):
        show_crop(cell, open_image(picture), colour)
        cell.set_title(_short(picture.name, 24), fontsize=9)
    figure.suptitle(f"distance {distance:.3f}{words}", fontsize=11, fontweight="bold")
    save_figure(figure, path)


def _short(name: str, most: int = 16) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
