"""Diagrams of evaluation: CMC and AP of one ranked list, the open-set threshold, k-reciprocal neighbors."""

import math
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from reid_course.diagrams.shapes import BLUE, DARK_ORANGE, GRAY, GREEN, ORANGE, arrow, canvas, crop, label


def draw_ranked_list() -> Figure:
    """Draw one ranked list with three true matches, its CMC curve and its average precision."""
    matches = np.array([False, True, True, False, False, True, False, False])
    figure = plt.figure(figsize=(8.4, 4.0))
    strip, cmc, precision = (
        figure.add_axes(place) for place in ((0, 0.55, 1, 0.45), (0.07, 0.13, 0.37, 0.36), (0.58, 0.13, 0.4, 0.36))
    )
    figure.set_layout_engine("none")
    strip.set(xlim=(0, 8.4), ylim=(0, 1.8), aspect="equal")
    strip.set_axis_off()
    crop(strip, 0.2, 0.45, 0, 1.0, BLUE, "query")
    others = iter((1, 2, 3, 4, 5))
    for column, match in enumerate(matches):
        x = 1.35 + 0.86 * column
        crop(strip, x, 0.45, 0 if match else next(others), 1.0, GREEN if match else ORANGE, f"rank {column + 1}")
        if match:
            hits = int(matches[: column + 1].sum())
            label(
                strip, x + 0.25, 1.62, f"{hits}/{column + 1} = {hits / (column + 1):.2f}", fontsize=8, color="#00664a"
            )
    label(strip, 0.62, 1.62, "precision", fontsize=8, color="#00664a")
    ranks = np.arange(1, 9)
    cmc.step([*ranks, 9], [*(np.cumsum(matches) > 0).astype(float), 1.0], where="post", color=BLUE, lw=2)
    cmc.set(xlim=(1, 8.5), ylim=(-0.05, 1.1), xlabel="rank k", ylabel="CMC(k)", yticks=(0, 1), xticks=ranks)
    cmc.set_title("CMC: is there a match among the first k?", fontsize=9)
    at = np.flatnonzero(matches)
    precisions = np.cumsum(matches) / ranks
    precision.plot(ranks, precisions, color=GRAY, marker=".", lw=1)
    precision.bar(at + 1, precisions[at], width=0.5, color=GREEN)
    precision.set(xlim=(0.5, 8.5), ylim=(0, 1.1), xlabel="rank k", ylabel="precision(k)", xticks=ranks)
    average = precisions[at].mean()
    terms = " + ".join(f"{value:.2f}" for value in precisions[at])
    precision.set_title(f"AP = ({terms}) / 3 = {average:.2f}", fontsize=9)
    return figure


def draw_open_set() -> Figure:
    """Draw the distances of known and unknown people to the gallery, and a threshold between them."""
    figure, axes = plt.subplots(figsize=(7.5, 3.0))
    x = np.linspace(0, 1.5, 400)
    known, unknown = (
        np.exp(-(((x - center) / width) ** 2) / 2) / width for center, width in ((0.5, 0.14), (0.92, 0.13))
    )
    threshold = 0.72
    axes.plot(x, known, color=BLUE)
    axes.plot(x, unknown, color=ORANGE)
    axes.fill_between(x, known, where=x > threshold, color=BLUE, alpha=0.3)
    axes.fill_between(x, unknown, where=x <= threshold, color=ORANGE, alpha=0.4)
    axes.axvline(threshold, color="black", lw=1.5, ls="--")
    axes.set(xlim=(0, 1.5), ylim=(0, 9.6), yticks=(), xlabel="distance of a query to its nearest gallery crop")
    axes.grid(False)
    axes.text(0.42, 7.4, "known people", color=BLUE, ha="center")
    axes.text(1.08, 7.4, "unknown people", color=DARK_ORANGE, ha="center")
    axes.text(threshold - 0.02, 9.1, "← accept", ha="right", va="center")
    axes.text(threshold + 0.02, 9.1, "reject →", ha="left", va="center")
    style: dict[str, Any] = {"arrowprops": {"arrowstyle": "-", "color": GRAY}, "fontsize": 9, "ha": "center"}
    axes.annotate("falsely accepted", (0.67, 0.8), (0.2, 3.6), **style)
    axes.annotate("falsely rejected", (0.78, 0.6), (1.28, 3.6), **style)
    return figure


POINTS = {
    "q": (1.7, 1.75), "a": (2.5, 2.15), "b": (2.45, 1.25), "c": (1.25, 2.4),
    "x": (3.15, 1.8), "y": (3.85, 2.15), "z": (3.9, 1.45), "w": (3.55, 1.05),
}  # fmt: skip


def nearest(name: str, k: int) -> list[str]:
    """Return the k points nearest to a point of the diagram of k-reciprocal neighbors."""
    others = [other for other in POINTS if other != name]
    return sorted(others, key=lambda other: math.dist(POINTS[name], POINTS[other]))[:k]


def draw_k_reciprocal() -> Figure:
    """Draw which of the four nearest neighbors of a query have the query among theirs."""
    figure, axes = canvas(7.6, 3.5)
    neighbors = nearest("q", 4)
    for name, (x, y) in POINTS.items():
        mutual = name in neighbors and "q" in nearest(name, 4)
        color = BLUE if name == "q" else GREEN if mutual else ORANGE if name in neighbors else GRAY
        axes.add_patch(Circle((x, y), 0.13, fc=color, ec="white", zorder=4))
        label(axes, x, y, name, color="white", weight="bold", fontsize=8)
        if name in neighbors:
            start, end = np.array(POINTS["q"]), np.array((x, y))
            step = 0.16 * (end - start) / np.hypot(*(end - start))
            arrow(axes, tuple(start + step), tuple(end - step), color, arrowstyle="<|-|>" if mutual else "-|>")
    radius = math.dist(POINTS[neighbors[-1]], POINTS["q"])
    axes.add_patch(Circle(POINTS["q"], radius + 0.14, fc="none", ec=BLUE, ls=":", lw=1.2))
    lines = (
        (2.85, BLUE, "query q with its 4 nearest neighbors\n(inside the dotted circle)"),
        (2.1, GREEN, "k-reciprocal: q is also among\ntheir 4 nearest neighbors"),
        (1.35, ORANGE, "not reciprocal: x is near q, but\nfour others are nearer to x"),
        (0.7, GRAY, "not a neighbor"),
    )
    for y, color, text in lines:
        axes.add_patch(Circle((4.55, y), 0.1, fc=color))
        label(axes, 4.75, y, text, ha="left")
    return figure
