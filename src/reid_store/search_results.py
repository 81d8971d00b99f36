"""What a search of the store found: as a table, for programs, as a strip of pictures."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from learning_reid.io.markdown import markdown_table
from learning_reid.visualization.cells import RIGHT, UNKNOWN, show_crop
from learning_reid.visualization.figures import save_figure
from reid_store.search import Found
from reid_store.thumbnails import as_picture

_LETTERS = 16  # of a camera's name below a picture
MOST_ON_STRIP = 50  # of more nobody would see anything


def answers_text(found: Sequence[Found], threshold: float | None) -> str:
    """A table of the answers; "nobody like this" where none is near enough."""
    if not found:
        return "nobody is there to compare with"
    header = ["rank", "detection", "distance", "camera", "time (UTC)", "frame", "person", "match"]
    rows = [
        [
            str(rank), str(hit.detection), f"{hit.distance:.3f}", _plain(hit.camera), clock(hit.time_s), str(hit.frame),
            "–" if hit.person is None else f"{_plain(hit.name)} ({hit.person})" if hit.name else str(hit.person),
            "yes" if is_match(hit, threshold) else "too far",
        ]
        for rank, hit in enumerate(found, start=1)
    ]  # fmt: skip
    table = markdown_table(header, rows)
    if not is_match(found[0], threshold):
        return f"{table}\n\nnobody like this: the nearest is farther away than {threshold:.3f}"
    return table


def answers_as_json(found: Sequence[Found], threshold: float | None) -> dict[str, Any]:
    """The answers for programs."""
    answers = [
        {
            "rank": rank,
            "detection": hit.detection,
            "distance": hit.distance,
            "match": is_match(hit, threshold),
            "camera": hit.camera,
            "time": datetime.fromtimestamp(hit.time_s, UTC).isoformat(),
            "frame": hit.frame,
            "box_xyxy": [float(edge) for edge in hit.box_xyxy],
            "person": hit.person,
            "name": hit.name,
        }
        for rank, hit in enumerate(found, start=1)
    ]
    return {"threshold": threshold, "nobody": not any(answer["match"] for answer in answers), "answers": answers}


def draw_answers(path: Path, asked: np.ndarray, found: Sequence[Found], threshold: float | None) -> None:
    """The query and the nearest 50 answers side by side; those near enough are framed in green.

    Args:
        path: the PNG file to write.
        asked: the query, (h, w, 3) uint8 RGB.
        found: nearest first.
        threshold: up to which distance an answer is a match; None = all are.
    """
    found = found[:MOST_ON_STRIP]
    figure = Figure(figsize=(1.15 * (1 + len(found)) + 0.3, 3.1), dpi=100, facecolor="white", layout="constrained")
    cells = figure.subplots(1, 1 + len(found), squeeze=False)[0]
    show_crop(cells[0], asked, UNKNOWN)
    cells[0].set_title("query", fontsize=9, fontweight="bold")
    for cell, hit in zip(cells[1:], found, strict=True):
        show_crop(cell, as_picture(hit.thumbnail), RIGHT if is_match(hit, threshold) else UNKNOWN)
        cell.set_title(f"{hit.distance:.3f}", fontsize=9)
        camera = hit.camera if len(hit.camera) <= _LETTERS else f"{hit.camera[: _LETTERS - 1]}…"
        day, _, hour = clock(hit.time_s).partition(" ")
        cell.set_xlabel(f"{camera}\n{day}\n{hour} UTC\n#{hit.detection}", fontsize=7)
    save_figure(figure, path)


def _plain(name: str) -> str:
    """A name from a store that may be anybody's, without what would be a command to a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)


def is_match(hit: Found, threshold: float | None) -> bool:
    """Whether an answer is near enough."""
    return threshold is None or hit.distance <= threshold


def clock(time_s: float) -> str:
    """Seconds since 1970 as a time in UTC, to a tenth of a second.

    >>> clock(1795626000.25)
    '2026-11-25 17:00:00.2'
    """
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-5]
