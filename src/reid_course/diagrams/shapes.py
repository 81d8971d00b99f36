"""What diagrams are made of: a blank canvas, people, boxes and arrows. Units are inches of the figure."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from reid_course.figures import COLORS

BLUE, ORANGE, GREEN, RED, PINK, SKY, BLACK = COLORS
GRAY, LIGHT, DARK_ORANGE = "#8a8a8a", "#eef1f4", "#9a6a00"
SKIN = "#d9a679"
CLOTHES = (
    (BLUE, BLACK),
    (RED, "#555555"),
    (GREEN, "#7a5230"),
    (ORANGE, BLUE),
    (PINK, BLACK),
    (SKY, "#7a5230"),
    ("#f0e442", "#555555"),
    ("#9aa5ad", BLUE),
)


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure with one axes without ticks, whose coordinates are inches from the lower left."""
    figure = plt.figure(figsize=(width, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.set_axis_off()
    figure.set_layout_engine("none")
    return figure, axes


def person(axes: Axes, x: float, y: float, identity: int, height: float = 0.7, alpha: float = 1.0) -> None:
    """Draw a person in the clothes of an identity.

    Args:
        axes: From `canvas`.
        x: Center.
        y: Ground.
        identity: People of one identity look alike.
        height: From head to foot.
        alpha: Opacity.
    """
    top, trousers = CLOTHES[identity % len(CLOTHES)]
    width = 0.30 * height
    style: dict[str, Any] = {"lw": 0, "alpha": alpha, "zorder": 3}
    for side in (-1, 1):
        axes.add_patch(
            Rectangle((x + side * 0.25 * width - 0.19 * width, y), 0.38 * width, 0.45 * height, fc=trousers, **style)
        )
        axes.add_patch(
            Rectangle(
                (x + side * 0.58 * width - 0.12 * width, y + 0.42 * height),
                0.24 * width,
                0.36 * height,
                fc=top,
                **style,
            )
        )
    body = FancyBboxPatch(
        (x - 0.45 * width, y + 0.42 * height),
        0.9 * width,
        0.36 * height,
        boxstyle=f"round,pad=0,rounding_size={0.15 * width}",
        fc=top,
        **style,
    )
    axes.add_patch(body)
    axes.add_patch(Circle((x, y + 0.89 * height), 0.11 * height, fc=SKIN, **style))


def crop(
    axes: Axes, x: float, y: float, identity: int, height: float = 0.9, frame: str = GRAY, caption: str = "",
    background: str = LIGHT, alpha: float = 1.0,
) -> None:  # fmt: skip
    """Draw a crop of a person, half as wide as high.

    Args:
        axes: From `canvas`.
        x: Left.
        y: Bottom.
        identity: See `person`.
        height: Of the crop.
        frame: Color of the frame.
        caption: Text below the crop.
        background: Color behind the person, as a sign of the camera.
        alpha: Opacity of the person.
    """
    axes.add_patch(Rectangle((x, y), height / 2, height, fc=background, ec=frame, lw=2, zorder=2))
    person(axes, x + height / 4, y + 0.06 * height, identity, 0.86 * height, alpha)
    if caption:
        axes.text(
            x + height / 4, y - 0.06, caption, ha="center", va="top", fontsize=8, color="#333333", linespacing=1.15
        )


def box(
    axes: Axes, x: float, y: float, width: float, height: float, text: str, color: str = LIGHT, fontsize: float = 9,
) -> None:  # fmt: skip
    """Draw a rounded box with its lower left corner at (x, y), and a text in it."""
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.07", fc=color, ec="#555555", lw=1, zorder=2
        )
    )
    axes.text(
        x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=fontsize, zorder=4, linespacing=1.2
    )


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], color: str = "#444444", **options: Any
) -> None:
    """Draw an arrow between two points; `options` are those of matplotlib's FancyArrowPatch."""
    style: dict[str, Any] = {
        "arrowstyle": "-|>",
        "mutation_scale": 11,
        "lw": 1.4,
        "shrinkA": 0,
        "shrinkB": 0,
        "zorder": 3,
    } | options
    axes.add_patch(FancyArrowPatch(start, end, color=color, **style))


def label(axes: Axes, x: float, y: float, text: str, **options: Any) -> None:
    """Write centered text; `options` are those of matplotlib's Text."""
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9, "linespacing": 1.2, "zorder": 5} | options
    axes.text(x, y, text, **style)
