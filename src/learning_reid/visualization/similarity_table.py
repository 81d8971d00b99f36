"""Similarity of the same image pairs under several networks, as Markdown, CSV and JSON."""

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
    """Similarities of networks × pairs."""

    chosen: ChosenPairs  #: The pairs, and how they were chosen
    measured: dict[str, PairMeasures]  #: The similarities of the pairs by network label

    @property
    def same(self) -> list[bool | None]:
        """Whether each pair shows the same person; None if unknown."""
        return [pair.same for pair in self.chosen.pairs]

    def values(self, label: str, measure: str) -> np.ndarray:
        """Return the (p,) values of one network."""
        return getattr(self.measured[label], measure)

    def margin(self, label: str, measure: str) -> float:
        """Return the `margin` of one network; positive is good for each measure."""
        return margin(self.values(label, measure), self.same, smaller_is_alike=measure == "euclidean")

    def mean_gap(self, label: str, measure: str) -> float:
        """Return the `mean_gap` of one network; positive is good for each measure."""
        return mean_gap(self.values(label, measure), self.same, smaller_is_alike=measure == "euclidean")


def margin(values: np.ndarray, same: Sequence[bool | None], smaller_is_alike: bool = False) -> float:
    """Compute the lowest similarity of a same-person pair minus the highest of a different-person pair.

    Above zero, one threshold separates all pairs.

    Args:
        values: (p,) similarities, or distances.
        same: p, whether a pair shows the same person; None is left out.
        smaller_is_alike: The values are distances: lowest of different persons minus highest of the same person.

    Returns:
        The difference; NaN if either kind of pair is missing.

    >>> round(margin(np.array([0.9, 0.7, 0.6]), [True, True, False]), 3)
    0.1
    >>> round(margin(np.array([0.3, 0.5, 0.4]), [True, True, False], smaller_is_alike=True), 3)
    -0.1
    """
    genuine, impostor = _split(values, same, smaller_is_alike)
    return float(genuine.min() - impostor.max()) if len(genuine) and len(impostor) else float("nan")


def mean_gap(values: np.ndarray, same: Sequence[bool | None], smaller_is_alike: bool = False) -> float:
    """Compute the difference of the means, which unlike `margin` does not depend on the two worst pairs alone.

    >>> round(mean_gap(np.array([0.9, 0.7, 0.6]), [True, True, False]), 3)
    0.2
    """
    genuine, impostor = _split(values, same, smaller_is_alike)
    return float(genuine.mean() - impostor.mean()) if len(genuine) and len(impostor) else float("nan")


def similarity_markdown(table: SimilarityTable, measures: Sequence[str]) -> str:
    """Return a list of the pairs, then a table for each measure: networks × pairs, expected results, margins."""
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
    """Return CSV with a row for each network and pair: all measures, and the margins of the network."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    margins = [f"margin_{measure}" for measure in MEASURES]
    writer.writerow(["model", "pair", "img1", "img2", "expected", *MEASURES, *margins])
    for label in table.measured:
        model_margins = [_format_number(table.margin(label, measure)) for measure in MEASURES]
        for index, pair in enumerate(table.chosen.pairs):
            values = [_format_number(table.values(label, measure)[index]) for measure in MEASURES]
            expected = "" if pair.same is None else WORDS[pair.same]
            writer.writerow([label, index + 1, pair.first, pair.second, expected, *values, *model_margins])
    return stream.getvalue()


def similarity_values(table: SimilarityTable) -> dict[str, Any]:
    """Return the same as a dictionary for JSON."""
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
    """Return the file name of each path, or the whole path if the name occurs twice.

    >>> list(short_names([Path("x/a.jpg"), Path("y/a.jpg"), Path("y/b.jpg")]).values())
    ['x/a.jpg', 'y/a.jpg', 'b.jpg']
    """
    unique = dict.fromkeys(paths)
    count = Counter(path.name for path in unique)
    return {path: path.name if count[path.name] == 1 else str(path) for path in unique}


def signed_value(value: float) -> str:
    """Format a margin with its sign, or a dash for NaN.

    >>> signed_value(0.0444), signed_value(-0.0001), signed_value(float("nan"))
    ('+0.044', '-0.000', '–')
    """
    return "–" if np.isnan(value) else f"{value:+.3f}"


def _measure_table(table: SimilarityTable, measure: str) -> str:
    numbers = [str(number) for number in range(1, len(table.same) + 1)]
    expected = ["expected", *(_SHORT[same] for same in table.same), "", ""]
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


def _split(values: np.ndarray, same: Sequence[bool | None], smaller_is_alike: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the similarities of same-person and of different-person pairs; distances are negated."""
    similarities = -np.asarray(values) if smaller_is_alike else np.asarray(values)
    return similarities[[known is True for known in same]], similarities[[known is False for known in same]]


def _format_number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6f}"
