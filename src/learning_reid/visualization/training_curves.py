"""Plot the metrics of a training run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from learning_reid.visualization.curves import COLORS
from learning_reid.visualization.figures import create_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_training_curves(path: Path, rows: list[dict[str, str]]) -> None:
    """Plot loss, training accuracy, validation mAP and learning rate over the epochs.

    Args:
        path: PNG file to write.
        rows: Rows of metrics.csv, at least one.
    """
    from matplotlib.ticker import MaxNLocator

    figure = create_figure(10.5, 6.4, layout="constrained")
    axes = figure.subplots(2, 2)
    _plot(axes[0, 0], rows, {"loss": "loss"}, "Training loss")
    _plot(axes[0, 1], rows, {"map": "mAP", "map_average": "mAP, EMA weights"}, "Validation mAP (%)", 100)
    _plot(axes[1, 0], rows, {"accuracy": "accuracy"}, "Training accuracy of the classifier (%)", 100)
    _plot(axes[1, 1], rows, {"learning_rate": "learning rate"}, "Learning rate of the head")
    axes[0, 1].set_ylim(bottom=0)
    last_epoch = int(rows[-1]["epoch"])
    for ax in axes.flat:
        ax.set_xlim(0.5, last_epoch + 0.5)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for ax in axes[1]:
        ax.set_xlabel("epoch")
    save_figure(figure, path)


def _plot(ax: Axes, rows: list[dict[str, str]], columns: dict[str, str], title: str, scale: float = 1) -> None:
    for (column, name), color in zip(columns.items(), COLORS, strict=False):
        points = [(int(row["epoch"]), scale * float(row[column])) for row in rows if row.get(column)]
        if not points:
            continue
        epochs, values = np.array(points).T
        ax.plot(epochs, values, marker="." if len(epochs) < 40 else "", color=color, label=name)
    ax.set_title(title, loc="left", fontsize=11, fontweight="bold")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25)
    if len(columns) > 1:
        ax.legend(frameon=False, fontsize=9)
