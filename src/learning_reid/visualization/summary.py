"""What came out, in figures: `summary.json` for programs, and a short table for the person in front of the screen."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from learning_reid.io.output_folder import PIPELINE_OUTPUTS, write_json
from learning_reid.metrics.reidentification import ReidentificationMetrics
from learning_reid.retrieval.ranking import Ranking
from learning_reid.retrieval.person_detections import PersonDetections


@dataclass(frozen=True)
class Match:
    """The nearest later detection."""

    frame: int
    detection: int
    distance: float


@dataclass(frozen=True)
class Query:
    """Who was looked for, and the answer: `best_match` is None for "not here", beyond `ranking.reject_above`."""

    frame: int
    detection: int
    box_xyxy: list[float]
    person_id: int | None  # where the truth is known and the detection stands for a true person
    best_match: Match | None


@dataclass(frozen=True)
class Summary:
    """Figures of one walk-through; `summary.json` holds the same.

    Attributes:
        frames: how many frames were read.
        frames_skipped: how many files could not be read.
        skipped: a line for each of them.
        detections: how many persons were seen in all frames together.
        query: the query, or a list of them where a list or `all` was asked for.
        seconds: wall time by stage.
        frames_per_second: frames over all the seconds, loading the networks left out.
        truth: figures against the truth, None where there is none.
        stopped_early: Ctrl-C was pressed; the outputs hold what was done until then.
    """

    frames: int
    frames_skipped: int
    skipped: list[str]
    detections: int
    query: Query | list[Query]
    seconds: dict[str, float]
    frames_per_second: float
    truth: ReidentificationMetrics | None
    stopped_early: bool

    @property
    def queries(self) -> list[Query]:
        """The queries, one or several."""
        return self.query if isinstance(self.query, list) else [self.query]


def summarize_queries(sightings: PersonDetections, rankings: Sequence[Ranking], identity: np.ndarray | None) -> list[Query]:
    """The queries and their answers in words that JSON knows."""
    queries = []
    for ranking in rankings:
        row, best = ranking.query, ranking.best_match
        person = None if identity is None or identity[row] < 0 else int(identity[row])
        match = None
        if best is not None:
            found = int(ranking.rows[best])
            distance = round(float(ranking.distances[best]), 6)
            match = Match(int(sightings.frame[found]), int(sightings.detection[found]), distance)
        box = [round(float(value), 2) for value in sightings.boxes_xyxy[row]]
        queries.append(Query(int(sightings.frame[row]), int(sightings.detection[row]), box, person, match))
    return queries


def write_summary(path: Path, summary: Summary) -> None:
    """Write `summary.json`; a figure that cannot be computed is null, and without truth there is no `truth`."""
    values = {key: value for key, value in asdict(summary).items() if not (key == "truth" and value is None)}
    write_json(path, values)


def format_summary(summary: Summary, folder: Path) -> str:
    """The short table printed at the end."""
    lines = [f"{summary.frames} frames, {summary.detections} persons seen, {summary.frames_per_second:.1f} frames/s"]
    lines += [f"skipped: {line}" for line in summary.skipped]
    lines += ["", f"{'query':<22}{'best match':<26}{'distance':>8}"]
    for query in summary.queries:
        asked, best = f"frame {query.frame}, person {query.detection}", query.best_match
        answer = "not here" if best is None else f"frame {best.frame}, person {best.detection}"
        lines.append(f"{asked:<22}{answer:<26}" + ("" if best is None else f"{best.distance:>8.3f}"))
    if summary.truth is not None:
        lines += ["", _truth_line(summary.truth, any(query.best_match is None for query in summary.queries))]
    if summary.stopped_early:
        lines += ["", "stopped by Ctrl-C: the results hold what was done until then"]
    lines += [""] + [str(folder / name) for name in PIPELINE_OUTPUTS]
    return "\n".join(lines)


def _truth_line(truth: ReidentificationMetrics, rejects: bool) -> str:
    if not truth.queries_scored:
        return "truth: no query stands for a true person who is present later, so nothing could be scored"
    cases = "later frames" if truth.queries_scored == 1 else "cases (a query and a later frame that shows them)"
    return (
        f"truth: found again in {truth.refind_rate:.1%} of {truth.frames_scored} {cases}, "
        f"rank-1 {truth.rank1:.1%}, mAP {truth.map:.1%} ({truth.queries_scored} of {truth.queries} queries scored"
        f"{', before reject_above' if rejects else ''})"
    )
