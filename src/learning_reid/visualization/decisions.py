"""Images of single decisions: a verified pair, and queries beside their nearest gallery images."""

from collections.abc import Sequence
from pathlib import Path

from learning_reid.datasets.identification import Candidate, Identification
from learning_reid.datasets.images import open_image, read_crop
from learning_reid.visualization.crop_grid import CORRECT, INCORRECT, NEUTRAL, QUERY, CropCell, draw_crop_grid
from learning_reid.visualization.figures import create_figure, save_figure, shorten

MAX_NAME = 16  # characters above a crop


def draw_identifications(path: Path, identifications: Sequence[Identification]) -> None:
    """Draw a row for each query: the query, then its candidates, accepted ones framed green, others gray.

    Args:
        path: PNG file to write.
        identifications: At least one.
    """
    rows = [[_query_cell(found), *map(_candidate_cell, found.candidates)] for found in identifications]
    num_columns = max(map(len, rows))
    figure = create_figure(1.6 * num_columns, 4.1 * len(rows), layout="constrained")
    draw_crop_grid(figure, rows, num_columns)
    save_figure(figure, path)


def draw_pair(path: Path, first: Path, second: Path, distance: float, same: bool | None) -> None:
    """Draw two crops, framed green for the same person, red for different persons, gray if undecided."""
    color = NEUTRAL if same is None else CORRECT if same else INCORRECT
    decision = "" if same is None else ": same person" if same else ": different persons"
    figure = create_figure(4.2, 4.4, layout="constrained")
    cells = [CropCell(open_image(image), color, shorten(image.name, 24)) for image in (first, second)]
    draw_crop_grid(figure, [cells], 2)
    figure.suptitle(f"distance {distance:.3f}{decision}", fontsize=11, fontweight="bold")
    save_figure(figure, path)


def _query_cell(found: Identification) -> CropCell:
    title = f"query\n{shorten(found.query.name, MAX_NAME)}"
    caption = "not decided" if found.candidates[0].accepted is None else found.person or "unknown person"
    return CropCell(open_image(found.query), QUERY, title, caption, bold=True)


def _candidate_cell(candidate: Candidate) -> CropCell:
    title, caption = shorten(candidate.sample.person_id or "distractor", MAX_NAME), f"{candidate.distance:.3f}"
    crop = read_crop(candidate.sample)
    if candidate.accepted:
        return CropCell(crop, CORRECT, title, caption)
    if candidate.accepted is None:
        return CropCell(crop, NEUTRAL, title, caption)
    return CropCell(crop, NEUTRAL, title, f"{caption}\nrejected", faint=True)
