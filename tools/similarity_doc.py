#!/usr/bin/env python3
"""Print the figures of docs/similarity.md, computed from the published table notebooks/data/similarity_table.csv.

    .venv/bin/python tools/similarity_doc.py

The similarities are counted in thousandths, as they were published, so that nothing hangs on rounding.
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
    """One set of weights: cosine similarities in thousandths, over six pairs of pictures."""

    weights: str
    trained_on: str
    lowest_same: int
    highest_different: int

    @property
    def margin(self) -> int:
        """Above zero a threshold parts the six pairs."""
        return self.lowest_same - self.highest_different

    @property
    def own_threshold(self) -> int:
        """Half way between the two, rounded down."""
        return (self.lowest_same + self.highest_different) // 2

    def right_at(self, threshold: int) -> bool:
        """Whether all six pairs are answered rightly: from this similarity on they are one person."""
        return self.highest_different < threshold <= self.lowest_same


def read_models(file: Path = TABLE) -> list[Model]:
    """The models of the published table, the largest margin first."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    models = [
        Model(
            row["weights"], row["trained_on"], _thousandths(row["lowest_same"]), _thousandths(row["highest_different"])
        )
        for row in csv.DictReader(lines)
    ]
    return sorted(models, key=lambda model: -model.margin)


def best_common_threshold(models: Sequence[Model]) -> tuple[int, int]:
    """The lowest threshold that is right for the most models, in thousandths, and for how many it is right."""
    counts = {threshold: count_right(models, threshold) for threshold in range(-1000, 1001)}
    best = max(counts, key=lambda threshold: counts[threshold])
    return best, counts[best]


def count_right(models: Sequence[Model], threshold: int) -> int:
    """For how many models all six pairs are answered rightly."""
    return sum(model.right_at(threshold) for model in models)


def margins_text(models: Sequence[Model], ends: int | None = None) -> str:
    """Every model's margin, or only so many at either end."""
    rows = [_row(model) for model in models]
    if ends is not None:
        rows = [*rows[:ends], ["…", "", "", "", ""], *rows[-ends:]]
    return markdown_table(["weights", "trained on", "lowest same", "highest different", "margin"], rows)


def groups_text(models: Sequence[Model]) -> str:
    """The margins by what the weights were trained on."""
    rows = []
    for group in sorted({model.trained_on for model in models}):
        margins = [model.margin for model in models if model.trained_on == group]
        middle = f"{median(margins) / 1000:+.3f}"
        overlap = str(sum(margin <= 0 for margin in margins))
        rows.append([group, str(len(margins)), _signed(min(margins)), middle, _signed(max(margins)), overlap])
    rows.append(["all", str(len(models)), "", "", "", str(sum(model.margin <= 0 for model in models))])
    return markdown_table(["trained on", "models", "lowest margin", "median", "highest", "overlap"], rows)


def thresholds_text(models: Sequence[Model]) -> str:
    """For how many models a threshold is right, whoever's it is."""
    place, _ = best_common_threshold(models)
    own = {model.weights: model.own_threshold for model in models}
    tries = [("the best for all", place), ("a round number", 500)] + [(f"of `{name}`", own[name]) for name in SHOWN]
    rows = [[words, f"{at / 1000:.3f}", f"{count_right(models, at)} of {len(models)}"] for words, at in tries]
    fitting = [model for model in models if model.margin > 0]
    middle = median(count_right(models, model.own_threshold) for model in fitting)
    rows.append([f"of one model, the median over {len(fitting)}", "", f"{middle:g} of {len(models)}"])
    rows.append(["each model its own", "", f"{len(fitting)} of {len(models)}"])
    return markdown_table(["threshold", "cosine similarity", "all six pairs right"], rows)


def document_text(models: Sequence[Model]) -> list[str]:
    """The tables, as the document shows them."""
    return [margins_text(models, ENDS), groups_text(models), thresholds_text(models), margins_text(models)]


def _row(model: Model) -> list[str]:
    figures = f"{model.lowest_same / 1000:.3f}", f"{model.highest_different / 1000:.3f}", _signed(model.margin)
    return [f"`{model.weights}`", model.trained_on, *figures]


def _signed(thousandths: int) -> str:
    return f"{thousandths / 1000:+.3f}"


def _thousandths(written: str) -> int:
    return round(1000 * float(written))


if __name__ == "__main__":
    print("\n\n".join(document_text(read_models())))
