#!/usr/bin/env python3
"""Print the tables of docs/similarity.md, computed from notebooks/data/similarity_table.csv (published similarities).

    .venv/bin/python tools/similarity_doc.py

Similarities are integers in thousandths, as published, so that no result depends on rounding.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from learning_reid.io.markdown import markdown_table

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "notebooks" / "data" / "similarity_table.csv"
ENDS = 6  # models shown at either end
SHOWN = ("osnet_x0_25_msmt17_combineall", "osnet_x0_25_msmt17", "osnet_x0_25_market", "resnet50_fc512_msmt_xent")


class Model(NamedTuple):
    """One set of weights: cosine similarities in thousandths, over six pairs of images."""

    weights: str
    trained_on: str
    lowest_same: int
    highest_different: int

    @property
    def margin(self) -> int:
        """Lowest genuine minus highest impostor similarity; if positive, a threshold separates the six pairs."""
        return self.lowest_same - self.highest_different

    @property
    def own_threshold(self) -> int:
        """Midpoint between the lowest genuine and the highest impostor similarity, rounded down."""
        return (self.lowest_same + self.highest_different) // 2

    def is_right_at(self, threshold: int) -> bool:
        """Return whether all six pairs are classified correctly: genuine if similarity ≥ threshold."""
        return self.highest_different < threshold <= self.lowest_same


def read_models(file: Path = TABLE) -> list[Model]:
    """Read the models of the published table, sorted by decreasing margin."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    models = [
        Model(
            row["weights"], row["trained_on"], _thousandths(row["lowest_same"]), _thousandths(row["highest_different"])
        )
        for row in csv.DictReader(lines)
    ]
    return sorted(models, key=lambda model: -model.margin)


def best_common_threshold(models: Sequence[Model]) -> tuple[int, int]:
    """Return the lowest threshold that is right for the most models, in thousandths, and the number of these models."""
    counts = {threshold: count_right(models, threshold) for threshold in range(-1000, 1001)}
    best = max(counts, key=lambda threshold: counts[threshold])
    return best, counts[best]


def count_right(models: Sequence[Model], threshold: int) -> int:
    """Count the models that classify all six pairs correctly at a threshold."""
    return sum(model.is_right_at(threshold) for model in models)


def margins_text(models: Sequence[Model], ends: int | None = None) -> str:
    """Format the margin of every model, or of the first and last `ends` models."""
    rows = [_row(model) for model in models]
    if ends is not None:
        rows = [*rows[:ends], ["…", "", "", "", ""], *rows[-ends:]]
    return markdown_table(["weights", "trained on", "lowest same", "highest different", "margin"], rows)


def groups_text(models: Sequence[Model]) -> str:
    """Format the margins by training data."""
    rows = []
    for group in sorted({model.trained_on for model in models}):
        margins = [model.margin for model in models if model.trained_on == group]
        middle = f"{median(margins) / 1000:+.3f}"
        overlap = str(sum(margin <= 0 for margin in margins))
        rows.append([group, str(len(margins)), _signed(min(margins)), middle, _signed(max(margins)), overlap])
    rows.append(["all", str(len(models)), "", "", "", str(sum(model.margin <= 0 for model in models))])
    return markdown_table(["trained on", "models", "lowest margin", "median", "highest", "overlap"], rows)


def thresholds_text(models: Sequence[Model]) -> str:
    """Format the number of models for which each of several thresholds is right."""
    best, _ = best_common_threshold(models)
    own = {model.weights: model.own_threshold for model in models}
    thresholds = [("best common threshold", best), ("a round number", 500)]
    thresholds += [(f"that of `{name}`", own[name]) for name in SHOWN]
    rows = [[label, f"{at / 1000:.3f}", f"{count_right(models, at)} of {len(models)}"] for label, at in thresholds]
    separable = [model for model in models if model.margin > 0]
    middle = median(count_right(models, model.own_threshold) for model in separable)
    rows.append([f"that of one model, median over {len(separable)}", "", f"{middle:g} of {len(models)}"])
    rows.append(["a threshold for each model", "", f"{len(separable)} of {len(models)}"])
    return markdown_table(["threshold", "cosine similarity", "all six pairs right"], rows)


def document_text(models: Sequence[Model]) -> list[str]:
    """Return the tables that the document contains."""
    return [margins_text(models, ENDS), groups_text(models), thresholds_text(models), margins_text(models)]


def _row(model: Model) -> list[str]:
    values = f"{model.lowest_same / 1000:.3f}", f"{model.highest_different / 1000:.3f}", _signed(model.margin)
    return [f"`{model.weights}`", model.trained_on, *values]


def _signed(thousandths: int) -> str:
    return f"{thousandths / 1000:+.3f}"


def _thousandths(text: str) -> int:
    return round(1000 * float(text))


if __name__ == "__main__":
    print("\n\n".join(document_text(read_models())))
