"""Search results as a table, as JSON, and as a strip of images."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learning_reid.io.markdown import markdown_table
from reid_store.thumbnails import decode_jpeg

if TYPE_CHECKING:
    import numpy as np

    from reid_store.search import SearchHit

MAX_CAMERA_LENGTH = 16  # of a name below an image
MAX_STRIP_LENGTH = 50  # images; more would be too small to see


def format_hits(hits: Sequence[SearchHit], threshold: float | None) -> str:
    """Format search results as a table, with a note if none is within the threshold; without one nothing is decided."""
    if not hits:
        return "there are no detections to compare with"
    header = ["rank", "detection", "distance", "camera", "time (UTC)", "frame", "person"]
    rows = [
        [
            str(rank), str(hit.detection), f"{hit.distance:.3f}", _printable(hit.camera), format_time(hit.time_s),
            str(hit.frame), _person(hit),
        ]
        for rank, hit in enumerate(hits, start=1)
    ]  # fmt: skip
    if threshold is None:
        return markdown_table(header, rows)
    decisions = ["yes" if is_match(hit, threshold) else "no" for hit in hits]
    table = markdown_table([*header, "match"], [[*row, text] for row, text in zip(rows, decisions, strict=True)])
    if not is_match(hits[0], threshold):
        return f"{table}\n\nno match: the nearest detection is farther away than {threshold:.3f}"
    return table


def hits_as_json(hits: Sequence[SearchHit], threshold: float | None) -> dict[str, Any]:
    """Return search results as a dictionary for JSON; without a threshold, `match` and `nobody` are None."""
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
        for rank, hit in enumerate(hits, start=1)
    ]
    nobody = None if threshold is None else not any(answer["match"] for answer in answers)
    return {"threshold": threshold, "nobody": nobody, "answers": answers}


def draw_hits(path: Path, query: np.ndarray, hits: Sequence[SearchHit], threshold: float | None) -> None:
    """Draw the query and the nearest 50 results side by side; matches have a green frame.

    Args:
        path: PNG file to write.
        query: (h, w, 3) uint8 RGB.
        hits: Nearest first.
        threshold: Largest distance of a match; None = nothing is decided.
    """
    from matplotlib.figure import Figure

    from learning_reid.visualization.crop_grid import CORRECT, NEUTRAL, show_crop
    from learning_reid.visualization.figures import save_figure

    hits = hits[:MAX_STRIP_LENGTH]
    figure = Figure(figsize=(1.15 * (1 + len(hits)) + 0.3, 3.1), dpi=100, facecolor="white", layout="constrained")
    axes = figure.subplots(1, 1 + len(hits), squeeze=False)[0]
    show_crop(axes[0], query, NEUTRAL)
    axes[0].set_title("query", fontsize=9, fontweight="bold")
    for ax, hit in zip(axes[1:], hits, strict=True):
        show_crop(ax, decode_jpeg(hit.thumbnail), CORRECT if is_match(hit, threshold) else NEUTRAL)
        ax.set_title(f"{hit.distance:.3f}", fontsize=9)
        camera = hit.camera if len(hit.camera) <= MAX_CAMERA_LENGTH else f"{hit.camera[: MAX_CAMERA_LENGTH - 1]}…"
        day, _, time = format_time(hit.time_s).partition(" ")
        ax.set_xlabel(f"{camera}\n{day}\n{time} UTC\n#{hit.detection}", fontsize=7)
    save_figure(figure, path)


def is_match(hit: SearchHit, threshold: float | None) -> bool | None:
    """Return whether a result is within the threshold, or None without one."""
    return None if threshold is None else hit.distance <= threshold


def format_time(time_s: float) -> str:
    """Format seconds since 1970 as UTC date and time, to a tenth of a second.

    >>> format_time(1795626000.25)
    '2026-11-25 17:00:00.2'
    """
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-5]


def _person(hit: SearchHit) -> str:
    if hit.person is None:
        return "–"
    return f"{_printable(hit.name)} ({hit.person})" if hit.name else str(hit.person)


def _printable(name: str) -> str:
    """Replace characters that a terminal would run as commands: the store may come from anyone."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)
