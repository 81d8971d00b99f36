"""The results of a pipeline run in numbers: `summary.json`, and a short text for the terminal."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from learning_reid.io.output_folder import PIPELINE_OUTPUTS, write_json
from learning_reid.metrics.reidentification import ReidentificationMetrics
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.ranking import Ranking


@dataclass(frozen=True)
class BestMatch:
    """The nearest later detection."""

    frame: int
    detection: int
    distance: float


@dataclass(frozen=True)
class QueryResult:
    """A query and its result; `best_match` is None if the nearest detection is beyond `ranking.reject_above`."""

    frame: int
    detection: int
    box_xyxy: list[float]
    person_id: int | None  # from the ground truth, if the detection matches a true person
    best_match: BestMatch | None


@dataclass(frozen=True)
class Summary:
    """The content of `summary.json`."""

    frames: int  #: Number of frames read
    frames_skipped: int  #: Number of frames that could not be read
    skipped: list[str]  #: One line for each of them
    detections: int  #: Number of detections in all frames
    #: The query, None if it was not detected; a list if the setting is a list or `all`
    query: QueryResult | list[QueryResult] | None
    seconds: dict[str, float]  #: Wall time by stage
    frames_per_second: float  #: Frames over the seconds of all stages except loading
    truth: ReidentificationMetrics | None  #: Metrics against the ground truth; None without it
    stopped_early: bool  #: Ctrl-C was pressed, or there was a problem; the outputs cover what was done until then

    @property
    def queries(self) -> list[QueryResult]:
        """All queries as a list."""
        return self.query if isinstance(self.query, list) else [] if self.query is None else [self.query]


def summarize_queries(
    detections: PersonDetections, rankings: Sequence[Ranking], identity: np.ndarray | None
) -> list[QueryResult]:
    """Return queries and best matches as values that JSON can store.

    Args:
        detections: All detections.
        rankings: One for each query.
        identity: (n,) true person of each detection, negative = none.
    """
    results = []
    for ranking in rankings:
        row, best = ranking.query, ranking.best_match
        person = None if identity is None or identity[row] < 0 else int(identity[row])
        match = None
        if best is not None:
            found = int(ranking.rows[best])
            distance = round(float(ranking.distances[best]), 6)
            match = BestMatch(int(detections.frame[found]), int(detections.detection[found]), distance)
        box = [round(float(value), 2) for value in detections.boxes_xyxy[row]]
        results.append(QueryResult(int(detections.frame[row]), int(detections.detection[row]), box, person, match))
    return results


def write_summary(path: Path, summary: Summary) -> None:
    """Write `summary.json`, without `truth` if there is no ground truth."""
    values = {key: value for key, value in asdict(summary).items() if not (key == "truth" and value is None)}
    write_json(path, values)


def format_summary(summary: Summary, folder: Path) -> str:
    """Return the text that is printed at the end."""
    lines = [f"{summary.frames} frames, {summary.detections} detections, {summary.frames_per_second:.1f} frames/s"]
    lines += [f"skipped: {line}" for line in summary.skipped]
    lines += ["", f"{'query':<22}{'best match':<26}{'distance':>8}"] if summary.queries else []
    for result in summary.queries:
        query, best = f"frame {result.frame}, person {result.detection}", result.best_match
        match = "no match" if best is None else f"frame {best.frame}, person {best.detection}"
        lines.append(f"{query:<22}{match:<26}" + ("" if best is None else f"{best.distance:>8.3f}"))
    if summary.truth is not None:
        lines += ["", _format_truth(summary.truth, any(result.best_match is None for result in summary.queries))]
    if summary.stopped_early:
        lines += ["", "stopped early: the results cover what was done until then"]
    lines += [""] + [str(folder / name) for name in PIPELINE_OUTPUTS if (folder / name).is_file()]
    return "\n".join(lines)


def _format_truth(truth: ReidentificationMetrics, has_rejected: bool) -> str:
    if not truth.queries_scored:
        return "ground truth: no query is a true person who appears in a later frame, so there are no metrics"
    cases = "later frames" if truth.queries_scored == 1 else "later frames (summed over the queries)"
    return (
        f"ground truth: re-identified in {truth.refind_rate:.1%} of {truth.frames_scored} {cases}, "
        f"rank-1 {truth.rank1:.1%}, mAP {truth.map:.1%} ({truth.queries_scored} of {truth.queries} queries scored"
        f"{', ignoring reject_above' if has_rejected else ''})"
    )
