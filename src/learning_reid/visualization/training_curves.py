"""The curves of a training run on one page: what it was asked, and how well it finds people it has never seen."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from learning_reid.visualization.curves import COLOURS
from learning_reid.visualization.figures import save_figure


def draw_training_curves(path: Path, rows: list[dict[str, str]]) -> None:
    """Draw loss, accuracy, mAP and learning rate over the epochs.

    Args:
        path: the PNG file to write or replace.
        rows: of metrics.csv, at least one.
    """
    figure = Figure(figsize=(10.5, 6.4), dpi=110, facecolor="white", layout="constrained")
    cells = figure.subplots(2, 2)
    _plot(cells[0, 0], rows, {"loss": "loss"}, "Loss (training people)")
    _plot(cells[0, 1], rows, {"map": "mAP", "map_average": "mAP, averaged weights"}, "mAP (validation people), %", 100)
    _plot(cells[1, 0], rows, {"accuracy": "named rightly"}, "Accuracy of the classifier (training people), %", 100)
    _plot(cells[1, 1], rows, {"learning_rate": "learning rate"}, "Learning rate of the head")
    cells[0, 1].set_ylim(bottom=0)
    last = int(rows[-1]["epoch"])
    for cell in cells.flat:
        cell.set_xlim(0.5, last + 0.5)
        cell.xaxis.set_major_locator(MaxNLocator(integer=True))
    for cell in cells[1]:
        cell.set_xlabel("epoch")
    save_figure(figure, path)


def _plot(cell: Axes, rows: list[dict[str, str]], columns: dict[str, str], title: str, scale: float = 1) -> None:
    for (column, name), colour in zip(columns.items(), COLOURS, strict=False):
        told = [(int(row["epoch"]), scale * float(row[column])) for row in rows if row.get(column)]
        if not told:
            continue
        epochs, values = np.array(told).T
        cell.plot(epochs, values, marker="." if len(epochs) < 40 else "", color=colour, label=name)
    cell.set_title(title, loc="left", fontsize=11, fontweight="bold")
    cell.spines[["top", "right"]].set_visible(False)
    cell.grid(alpha=0.25)
    if len(columns) > 1:
        cell.legend(frameon=False, fontsize=9)
