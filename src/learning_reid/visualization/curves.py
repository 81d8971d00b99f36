"""Curves of an evaluation: CMC, ROC, and the two heaps of distances that a threshold must part."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from learning_reid.embedding.operating_point import OperatingPoint
from learning_reid.metrics.verification import FARS, PairDistances, eer, roc_curve, tar_at_far
from learning_reid.visualization.figures import save_figure

# Okabe and Ito's set, which people who see red and green alike can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_RANKS_SHOWN = 20
_BINS = 80


def draw_cmc_curves(path: Path, curves: Sequence[tuple[str, np.ndarray]]) -> None:
    """Draw CMC curves: the share of the queries answered within rank k, for each k.

    Args:
        path: the PNG file to write or replace.
        curves: name and (k,) shares of each.
    """
    figure, axes = _page("How many of the nearest must you look at?")
    ranks = np.arange(1, _RANKS_SHOWN + 1)
    for place, ((name, curve), colour) in enumerate(zip(curves, _colours(len(curves)), strict=True)):
        width = max(1.2, 3.5 - 0.6 * place)  # so that a curve shows beneath one that hides it
        label = f"{name} ({100 * curve[0]:.1f} at rank 1)"
        axes.plot(
            ranks, curve[:_RANKS_SHOWN], marker="o", markersize=width + 1.5, linewidth=width, color=colour, label=label
        )
    lowest = min((float(curve[0]) for _, curve in curves), default=0.0)
    axes.set(xlabel="rank k", ylabel="queries answered within rank k", xticks=[1, 5, 10, 15, 20])
    axes.set_ylim(max(0.0, lowest - 0.05), 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    figure.legend(loc="outside lower left", frameon=False, fontsize=9, ncols=2)
    save_figure(figure, path)


def draw_roc_curve(path: Path, pairs: PairDistances) -> None:
    """Draw the ROC curve with the equal error rate and the usual TAR at FAR.

    Args:
        path: the PNG file to write or replace.
        pairs: genuine and impostor distances.
    """
    figure, axes = _page("Same or different? What each threshold lets in")
    far, tar = roc_curve(pairs.genuine, pairs.impostor)
    axes.plot(far, tar, color=COLOURS[0])
    axes.plot(far, far, color="#9aa0a6", linestyle=":", label="by chance")
    for wanted in FARS:
        if not np.isnan(reached := tar_at_far(pairs.genuine, pairs.impostor, wanted)):
            axes.plot(wanted, reached, "o", color=COLOURS[1])
            axes.annotate(f"{100 * reached:.1f} %", (wanted, reached), (6, -12), textcoords="offset points", fontsize=9)
    rate, distance = eer(pairs.genuine, pairs.impostor)
    label = f"equal error rate {100 * rate:.1f} % (distance {distance:.3f})"
    axes.plot(rate, 1 - rate, "s", color=COLOURS[2], label=label)
    axes.set(xscale="log", xlim=(max(far[0], 1e-5), 1), ylim=(0, 1.01))
    axes.set(xlabel="impostor pairs let in (FAR)", ylabel="genuine pairs accepted (TAR)")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.legend(loc="upper left", frameon=False)
    save_figure(figure, path)


def draw_distance_histograms(path: Path, pairs: PairDistances, point: OperatingPoint) -> None:
    """Draw how far apart one person's and two persons' crops lie, and where the calibrated thresholds cut.

    Args:
        path: the PNG file to write or replace.
        pairs: of the persons who measured the thresholds.
        point: the thresholds.
    """
    figure, axes = _page(f"Where {point.embedder} draws the line ({point.metric} distance)")
    edges = np.linspace(min(pairs.genuine[0], pairs.impostor[0]), max(pairs.genuine[-1], pairs.impostor[-1]), _BINS + 1)
    heaps = (("one person", pairs.genuine, COLOURS[2]), ("two persons", pairs.impostor, COLOURS[1]))
    for name, distances, colour in heaps:
        heights, _ = np.histogram(distances, edges, density=True)
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.45, label=f"{name} ({len(distances):,} pairs)")
    pair = f"pairs up to {point.pair_threshold:.3f}: TAR {100 * point.pair_tar:.1f} %, FAR {100 * point.pair_far:.2f} %"
    search = (
        f"searches up to {point.search_threshold:.3f}: found {100 * point.search_dir:.1f} %, "
        f"false alarms {100 * point.search_far:.2f} %"
    )
    axes.axvline(point.pair_threshold, color="black", label=pair)
    axes.axvline(point.search_threshold, color="black", linestyle="--", label=search)
    axes.set(xlabel="distance", ylabel="density of pairs", yticks=[])
    figure.legend(loc="outside lower left", frameon=False, fontsize=9)
    save_figure(figure, path)


def _page(title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.2, 4.8), dpi=110, facecolor="white", layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure, axes


def _colours(count: int) -> list[str]:
    return [COLOURS[place % len(COLOURS)] for place in range(count)]
