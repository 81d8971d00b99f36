"""Compare the detections of a video or folder with its ground truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from learning_reid.cli import _options as options
from learning_reid.errors import UserError
from learning_reid.io.error_collector import ErrorCollector

if TYPE_CHECKING:
    from learning_reid.frames.mot import MotTable
    from learning_reid.metrics.detection import DetectionMetrics


def run(
    truth: Annotated[
        Path, typer.Option(help="Ground truth in MOT format; rows with flag 0 (column 7) are regions to ignore.")
    ],
    detections: Annotated[Path, typer.Option(help="Detections in MOT format, such as `detect` writes.")],
    plot: Annotated[Path | None, typer.Option(help="PNG file for the precision-recall curve.")] = None,
    json_file: options.Json = None,
) -> None:
    """Evaluate a detector: AP50, AP, and recall and precision at each score threshold.

    A detection is a true positive if it overlaps a true box that no better detection has taken, with an IoU of at least
    0.5. A detection of which at least half lies inside a region to ignore does not count. Detect with a low
    detector.min_score, such as 0.05: average precision needs the whole curve.
    """
    options.check_output_files(plot, json_file)
    from learning_reid.frames.mot import read_mot

    true, found = read_mot(truth), read_mot(detections)
    _check_tables(true, found, truth, detections)
    metrics, ap = _evaluate(true, found)
    points = [_point(metrics, score) for score in score_thresholds(metrics.scores)]
    values = {"truth": str(truth), "detections": str(detections), "people": metrics.people, "ap50": metrics.ap50}
    values |= {"ap": ap, "thresholds": points}
    print(_text(values))
    with ErrorCollector() as problems:
        with problems.step():
            options.write_json_file(json_file, values)
        if plot is not None:
            from learning_reid.visualization.curves import draw_precision_recall_curve

            with problems.step():
                draw_precision_recall_curve(plot, metrics, [point["score"] for point in points])


def score_thresholds(scores: np.ndarray) -> list[float]:
    """Choose the score thresholds to report: tenths for scores within 0..1, otherwise the deciles of the scores.

    >>> score_thresholds(np.array([0.55, 0.2]))
    [0.1, 0.2, 0.3, 0.4, 0.5]
    >>> score_thresholds(np.array([40.0, -1.0]))[:3]
    [-1.0, 3.1, 7.2]
    """
    if len(scores) == 0:
        return []
    if scores.min() >= 0 and scores.max() <= 1:
        return [tenth / 10 for tenth in range(1, 10) if tenth / 10 <= scores.max()]
    return [float(f"{score:.4g}") for score in np.quantile(scores, np.arange(10) / 10)]


def _check_tables(true: "MotTable", found: "MotTable", truth: Path, detections: Path) -> None:
    """Raise a UserError if there is nobody to find, or the files have no frame in common; note frames without truth."""
    if not (true.score != 0).any():
        raise UserError(f"{truth} has no person to find, no row with a flag (column 7) other than 0; give a gt.txt")
    extra = np.setdiff1d(found.frame, true.frame)
    if len(found) and len(extra) == len(np.unique(found.frame)):
        ranges = [f"{table.frame.min() + 1} to {table.frame.max() + 1}" for table in (found, true)]
        raise UserError(
            f"{detections} has frames {ranges[0]} and {truth} has frames {ranges[1]}, none in common; give the ground "
            "truth of the same sequence"
        )
    if len(extra):
        note = f"{truth} has no row for {len(extra)} of the frames with detections (first: frame {extra[0] + 1})"
        options.print_notes([f"{note}; detections there count as false positives"])


def _evaluate(true: "MotTable", found: "MotTable") -> tuple["DetectionMetrics", float]:
    """Return the metrics at IoU 0.5, and COCO's AP."""
    from learning_reid.metrics.detection import coco_average_precision, detection_metrics

    frames = np.union1d(true.frame, found.frame)
    people = [true.boxes_xyxy[rows] for rows in _rows_by_frame(true, true.score != 0, frames)]
    ignored = [true.boxes_xyxy[rows] for rows in _rows_by_frame(true, true.score == 0, frames)]
    scores = found.score.astype(np.float64).round(6)  # in float32, 0.9 is below 0.9
    boxes = [(found.boxes_xyxy[rows], scores[rows]) for rows in _rows_by_frame(found, found.score != 0, frames)]
    return detection_metrics(boxes, people, ignored), coco_average_precision(boxes, people, ignored)


def _rows_by_frame(table: "MotTable", chosen: np.ndarray, frames: np.ndarray) -> list[np.ndarray]:
    """Return the chosen rows of each frame; `table.at` for each frame would take the square of the time."""
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(table.frame[rows], kind="stable")]
    return np.split(rows, np.searchsorted(table.frame[rows], frames[1:]))


def _point(metrics: "DetectionMetrics", score: float) -> dict[str, Any]:
    return {"score": score, "detections": int((metrics.scores >= score).sum())} | metrics.at(score)._asdict()


def _text(values: dict[str, Any]) -> str:
    from learning_reid.io.markdown import markdown_table, percent

    rows = [
        [f"{point['score']:g}", f"{point['detections']:,}", percent(point["recall"]), percent(point["precision"])]
        for point in values["thresholds"]
    ]
    table = markdown_table(["score ≥", "detections", "recall", "precision"], rows)
    accuracy = f"AP50 {percent(values['ap50'])}, AP {percent(values['ap'])} (mean over IoU 0.50 to 0.95)"
    return f"{accuracy}, in percent; {values['people']:,} people to find\n\n{table}"
