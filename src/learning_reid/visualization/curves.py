"""Plots of evaluation and training: CMC, ROC, precision-recall, distance histograms, metrics over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from learning_reid.embedding.operating_point import OperatingPoint
from learning_reid.metrics.detection import DetectionMetrics
from learning_reid.metrics.verification import FARS, PairDistances, eer, roc_curve, tar_at_far
from learning_reid.visualization.figures import create_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito, safe for color-blind
_MAX_RANK = 20
_NUM_BINS = 80


def draw_cmc_curves(path: Path, curves: Sequence[tuple[str, np.ndarray]]) -> None:
    """Draw CMC curves: the fraction of the queries with a true match within rank k, for each k.

    Args:
        path: PNG file to write.
        curves: Name and (k,) fractions of each curve.
    """
    from matplotlib.ticker import PercentFormatter

    figure, ax = _create_plot("CMC: a true match within rank k")
    ranks = np.arange(1, _MAX_RANK + 1)
    for index, (name, curve) in enumerate(curves):
        width = max(1.2, 3.5 - 0.6 * index)  # so that a curve is visible below one that covers it
        ax.plot(
            ranks, curve[:_MAX_RANK], marker="o", markersize=width + 1.5, linewidth=width,
            color=COLORS[index % len(COLORS)], label=f"{name} (rank-1 {100 * curve[0]:.1f} %)", clip_on=False,
        )  # fmt: skip
    lowest = min((float(curve[0]) for _, curve in curves), default=0.0)
    ax.set(xlabel="rank k", ylabel="queries with a true match within rank k", xticks=[1, 5, 10, 15, 20])
    ax.set_ylim(max(0.0, lowest - 0.05), 1.0)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    figure.legend(loc="outside lower left", frameon=False, fontsize=9, ncols=2)
    save_figure(figure, path)


def draw_roc_curve(path: Path, pairs: PairDistances) -> None:
    """Draw the ROC curve with the equal error rate and the usual TAR at FAR.

    Args:
        path: PNG file to write.
        pairs: Genuine and impostor distances.
    """
    from matplotlib.ticker import PercentFormatter

    figure, ax = _create_plot("ROC: verification at each threshold")
    far, tar = roc_curve(pairs.genuine, pairs.impostor)
    ax.plot(far, tar, color=COLORS[0])
    ax.plot(far, far, color="#9aa0a6", linestyle=":", label="chance")
    for target in FARS:
        if not np.isnan(value := tar_at_far(pairs.genuine, pairs.impostor, target)):
            ax.plot(target, value, "o", color=COLORS[1])
            ax.annotate(f"{100 * value:.1f} %", (target, value), (6, -12), textcoords="offset points", fontsize=9)
    rate, distance = eer(pairs.genuine, pairs.impostor)
    label = f"equal error rate {100 * rate:.1f} % (distance {distance:.3f})"
    ax.plot(rate, 1 - rate, "s", color=COLORS[2], label=label)
    ax.set(xscale="log", xlim=(max(far[0], 1e-5), 1), ylim=(0, 1))
    ax.set(xlabel="false accept rate (FAR)", ylabel="true accept rate (TAR)")
    ax.xaxis.set_major_formatter(lambda fraction, _: f"{100 * fraction:g} %")
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(loc="upper left", frameon=False)
    save_figure(figure, path)


def draw_precision_recall_curve(path: Path, metrics: DetectionMetrics, scores: Sequence[float] = ()) -> None:
    """Draw the precision-recall curve of a detector; the area under it is AP50.

    Args:
        path: PNG file to write.
        metrics: From `detection_metrics`.
        scores: Score thresholds to mark on the curve.
    """
    from matplotlib.ticker import PercentFormatter

    figure, ax = _create_plot(f"Precision and recall of the detector: AP50 {100 * metrics.ap50:.1f} %")
    recall, precision = metrics.curve
    recall, precision = np.append(0.0, recall), np.append(precision[:1], precision) if len(precision) else np.zeros(1)
    ax.fill_between(recall, precision, step="pre", color=COLORS[0], alpha=0.12)
    ax.plot(recall, precision, drawstyle="steps-pre", color=COLORS[0], clip_on=False)
    for score in scores:
        point = metrics.at(score)
        ax.plot(point.recall, point.precision, "o", markersize=5, color=COLORS[1], clip_on=False)
        ax.annotate(f"{score:g}", point, (5, -11), textcoords="offset points", fontsize=8)
    if scores:
        ax.plot([], [], "o", markersize=5, color=COLORS[1], label="at a score threshold")
        ax.legend(loc="lower left", frameon=False)
    ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall: true people that are detected", ylabel="precision")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    save_figure(figure, path)


def draw_distance_histograms(path: Path, pairs: PairDistances, point: OperatingPoint) -> None:
    """Draw histograms of genuine and impostor distances, with the calibrated thresholds.

    Args:
        path: PNG file to write.
        pairs: Distances of the people used for calibration.
        point: The thresholds.
    """
    figure, ax = _create_plot(f"{point.embedder}: {point.metric} distances and thresholds")
    low, high = min(pairs.genuine[0], pairs.impostor[0]), max(pairs.genuine[-1], pairs.impostor[-1])
    edges = np.linspace(low, high, _NUM_BINS + 1)
    groups = (("same person", pairs.genuine, COLORS[2]), ("different persons", pairs.impostor, COLORS[1]))
    for name, distances, color in groups:
        density, _ = np.histogram(distances, edges, density=True)
        ax.stairs(density, edges, fill=True, color=color, alpha=0.45, label=f"{name} ({len(distances):,} pairs)")
    verify = (
        f"verification {point.pair_threshold:.3f}: TAR {100 * point.pair_tar:.1f} %, FAR {100 * point.pair_far:.2f} %"
    )
    search = (
        f"search {point.search_threshold:.3f}: identified {100 * point.search_dir:.1f} %, "
        f"false alarms {100 * point.search_far:.2f} %"
    )
    ax.axvline(point.pair_threshold, color="black", label=verify)
    ax.axvline(point.search_threshold, color="black", linestyle="--", label=search)
    ax.set(xlabel="distance", ylabel="density of pairs", yticks=[])
    figure.legend(loc="outside lower left", frameon=False, fontsize=9)
    save_figure(figure, path)


def _create_plot(title: str) -> tuple[Figure, Axes]:
    figure = create_figure(7.2, 4.8, layout="constrained")
    ax = figure.subplots()
    ax.set_title(title, loc="left", fontweight="bold")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25)
    return figure, ax


def draw_training_curves(path: Path, rows: list[dict[str, str]]) -> None:
    """Plot loss, training accuracy, validation mAP and learning rate over the epochs.

    Args:
        path: PNG file to write.
        rows: Rows of metrics.csv, at least one.
    """
    from matplotlib.ticker import MaxNLocator

    figure = create_figure(10.5, 6.4, layout="constrained")
    axes = figure.subplots(2, 2)
    _plot_columns(axes[0, 0], rows, {"loss": "loss"}, "Training loss")
    _plot_columns(axes[0, 1], rows, {"map": "mAP", "map_average": "mAP, EMA weights"}, "Validation mAP (%)", 100)
    _plot_columns(axes[1, 0], rows, {"accuracy": "accuracy"}, "Training accuracy of the classifier (%)", 100)
    _plot_columns(axes[1, 1], rows, {"learning_rate": "learning rate"}, "Learning rate of the head")
    axes[0, 1].set_ylim(bottom=0)
    last_epoch = int(rows[-1]["epoch"])
    for ax in axes.flat:
        ax.set_xlim(0.5, last_epoch + 0.5)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for ax in axes[1]:
        ax.set_xlabel("epoch")
    save_figure(figure, path)


def _plot_columns(ax: Axes, rows: list[dict[str, str]], columns: dict[str, str], title: str, scale: float = 1) -> None:
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
