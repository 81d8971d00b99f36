"""How alike each of several networks finds the same pairs: as Markdown, CSV and JSON."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from learning_reid.datasets.pairs import ChosenPairs, PairMeasures
from learning_reid.io.markdown import markdown_table

MEASURES = {
    "cosine": "cosine similarity, -1 to 1, large = alike; margin = lowest same - highest different",
    "euclidean": "Euclidean distance, 0 to 2, small = alike; margin = lowest different - highest same",
    "bounded": "1 / (1 + Euclidean distance), 0.333 to 1, large = alike; margin = lowest same - highest different",
}
WORDS = {True: "same", False: "different", None: "?"}
_SHORT = {True: "same", False: "diff", None: "?"}


@dataclass(frozen=True)
class SimilarityTable:
    """Networks × pairs.

    Attributes:
        chosen: the pairs, and how they were chosen.
        measured: what each network says of them, by its label.
    """

    chosen: ChosenPairs
    measured: dict[str, PairMeasures]

    @property
    def answers(self) -> list[bool | None]:
        """Whether each pair shows one person."""
        return [pair.same for pair in self.chosen.pairs]

    def values(self, label: str, measure: str) -> np.ndarray:
        """(p,) what a network says of the pairs."""
        return getattr(self.measured[label], measure)

    def margin(self, label: str, measure: str) -> float:
        """See `margin`; positive is good for each measure."""
        return margin(self.values(label, measure), self.answers, smaller_is_alike=measure == "euclidean")

    def mean_gap(self, label: str, measure: str) -> float:
        """See `mean_gap`; positive is good for each measure."""
        return mean_gap(self.values(label, measure), self.answers, smaller_is_alike=measure == "euclidean")


def margin(values: np.ndarray, answers: Sequence[bool | None], smaller_is_alike: bool = False) -> float:
    """Lowest similarity of one person minus the highest of two: above zero a threshold parts them all.

    Args:
        values: (p,) similarities, or distances.
        answers: p, whether a pair shows one person; None does not count.
        smaller_is_alike: they are distances: the lowest of two persons minus the highest of one.

    Returns:
        The difference; NaN where there are no pairs of one person, or none of two.

    >>> round(margin(np.array([0.9, 0.7, 0.6]), [True, True, False]), 3)
    0.1
    >>> round(margin(np.array([0.3, 0.5, 0.4]), [True, True, False], smaller_is_alike=True), 3)
    -0.1
    """
    same, different = _parted(values, answers, smaller_is_alike)
    return float(same.min() - different.max()) if len(same) and len(different) else float("nan")


def mean_gap(values: np.ndarray, answers: Sequence[bool | None], smaller_is_alike: bool = False) -> float:
    """As `margin`, between the means: it does not hang on the two worst pairs.

    >>> round(mean_gap(np.array([0.9, 0.7, 0.6]), [True, True, False]), 3)
    0.2
    """
    same, different = _parted(values, answers, smaller_is_alike)
    return float(same.mean() - different.mean()) if len(same) and len(different) else float("nan")


def similarity_markdown(table: SimilarityTable, measures: Sequence[str]) -> str:
    """Which pairs there are, then a table for each measure: networks × pairs, the expected answers, the margins."""
    names = short_names([path for pair in table.chosen.pairs for path in (pair.first, pair.second)])
    rows = [
        [str(number), WORDS[pair.same], names[pair.first], names[pair.second]]
        for number, pair in enumerate(table.chosen.pairs, 1)
    ]
    parts = [f"Pairs: {table.chosen.rule}.", markdown_table(["pair", "expected", "first", "second"], rows)]
    for measure in measures:
        parts += [f"{MEASURES[measure]}:", _measure_table(table, measure)]
    return "\n\n".join(parts)


def similarity_csv(table: SimilarityTable) -> str:
    """A row for each network and pair, with all three measures; the margins of a network stand in each of its rows."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    margins = [f"margin_{measure}" for measure in MEASURES]
    writer.writerow(["model", "pair", "img1", "img2", "expected", *MEASURES, *margins])
    for label in table.measured:
        of_model = [_plain(table.margin(label, measure)) for measure in MEASURES]
        for place, pair in enumerate(table.chosen.pairs):
            said = [_plain(table.values(label, measure)[place]) for measure in MEASURES]
            expected = "" if pair.same is None else WORDS[pair.same]
            writer.writerow([label, place + 1, pair.first, pair.second, expected, *said, *of_model])
    return stream.getvalue()


def similarity_values(table: SimilarityTable) -> dict[str, Any]:
    """The same for a JSON file."""
    pairs = [{"img1": str(pair.first), "img2": str(pair.second), "same": pair.same} for pair in table.chosen.pairs]
    models = [
        {
            "model": label,
            **{measure: table.values(label, measure).tolist() for measure in MEASURES},
            "margin": {measure: table.margin(label, measure) for measure in MEASURES},
            "mean_gap": {measure: table.mean_gap(label, measure) for measure in MEASURES},
        }
        for label in table.measured
    ]
    return {"rule": table.chosen.rule, "pairs": pairs, "models": models}


def short_names(paths: Sequence[Path]) -> dict[Path, str]:
    """The file names; the whole paths of those whose names occur twice.

    >>> list(short_names([Path("x/a.jpg"), Path("y/a.jpg"), Path("y/b.jpg")]).values())
    ['x/a.jpg', 'y/a.jpg', 'b.jpg']
    """
    different = dict.fromkeys(paths)
    count = Counter(path.name for path in different)
    return {path: path.name if count[path.name] == 1 else str(path) for path in different}


def signed_value(value: float) -> str:
    """A margin with its sign; a dash where there is none.

    >>> signed_value(0.0444), signed_value(-0.0001), signed_value(float("nan"))
    ('+0.044', '-0.000', '–')
    """
    return "–" if np.isnan(value) else f"{value:+.3f}"


def _measure_table(table: SimilarityTable, measure: str) -> str:
    numbers = [str(number) for number in range(1, len(table.answers) + 1)]
    expected = ["expected", *(_SHORT[answer] for answer in table.answers), "", ""]
    rows = [
        [
            label,
            *(f"{value:.3f}" for value in table.values(label, measure)),
            signed_value(table.margin(label, measure)),
            signed_value(table.mean_gap(label, measure)),
        ]
        for label in table.measured
    ]
    return markdown_table([measure, *numbers, "margin", "mean gap"], [expected, *rows])


def _parted(
    values: np.ndarray, answers: Sequence[bool | None], smaller_is_alike: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The similarities of pairs of one person, and those of two; a distance counts as its negative."""
    alike = -np.asarray(values) if smaller_is_alike else np.asarray(values)
    return alike[[answer is True for answer in answers]], alike[[answer is False for answer in answers]]


def _plain(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6f}"
