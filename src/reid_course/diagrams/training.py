"""Diagrams of training: triplet and margin, BN neck, domain shift."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse

from reid_course.diagrams.shapes import BLUE, GRAY, GREEN, LIGHT, ORANGE, arrow, box, canvas, label


def draw_triplet() -> Figure:
    """Draw a triplet before and after training, with the margin."""
    figure, axes = canvas(8.0, 2.7)
    for left, title, positive, negative in (
        (0.2, "before: the negative is nearer", (1.9, 1.75), (1.75, 0.85)),
        (4.4, "after: farther than the positive, by the margin", (1.45, 1.55), (2.75, 0.95)),
    ):
        anchor = np.array((left + 1.0, 1.2))
        near, far = (np.array((left + x, y)) for x, y in (positive, negative))
        radius = float(np.hypot(*(near - anchor)))
        axes.add_patch(Circle(tuple(anchor), radius, fc="none", ec=GREEN, ls="--", lw=1))
        if left > 1:
            axes.add_patch(Circle(tuple(anchor), radius + 0.55, fc="none", ec=GRAY, ls=":", lw=1.2))
            arrow(axes, (anchor[0] - radius, 1.2), (anchor[0] - radius - 0.55, 1.2), GRAY, arrowstyle="<|-|>")
            label(axes, anchor[0] - radius - 0.28, 1.33, "margin", fontsize=8)
        else:
            for point, sign in ((near, -1), (far, 1)):
                step = (point - anchor) / np.hypot(*(point - anchor))
                arrow(axes, tuple(point + 0.17 * sign * step), tuple(point + 0.5 * sign * step), "black")
        for point, color, name in ((anchor, BLUE, "anchor"), (near, GREEN, "positive"), (far, ORANGE, "negative")):
            axes.add_patch(Circle(tuple(point), 0.11, fc=color, zorder=4))
            label(axes, point[0], point[1] + (0.22 if name == "positive" else -0.22), name, fontsize=8)
        label(axes, left + 1.75, 2.55, title, weight="bold")
    return figure


def draw_bn_neck() -> Figure:
    """Draw the BN neck: the metric loss before the batch normalization, the classifier after it."""
    figure, axes = canvas(8.2, 2.5)
    for x, width, text, color in (
        (0.15, 0.8, "crop", LIGHT),
        (1.35, 1.1, "backbone\n(OSNet)", LIGHT),
        (4.05, 1.15, "batch norm\n(BN neck)", "#fbf1de"),
        (6.75, 1.25, "classifier\n(training only)", LIGHT),
    ):
        box(axes, x, 1.4, width, 0.75, text, color)
    for start, end in ((0.97, 1.33), (2.47, 4.03), (5.22, 6.73)):
        arrow(axes, (start, 1.77), (end, 1.77))
    label(axes, 3.25, 1.95, "features $f_t$")
    label(axes, 5.97, 1.95, "features $f_i$")
    for x, text, color in (
        (3.25, "triplet loss\n(distances)", "#e3f1ea"),
        (5.97, "after training:\nthe embedding", "#e3eef7"),
        (7.37, "cross-entropy\n(identities)", "#e3f1ea"),
    ):
        box(axes, x - 0.62, 0.2, 1.24, 0.62, text, color, 8.5)
        arrow(axes, (x, 1.38 if x > 7 else 1.72), (x, 0.85))
    return figure


def draw_domain_shift() -> Figure:
    """Draw embeddings of the same people by two cameras, before and after subtracting each camera's mean."""
    figure, axes = canvas(8.2, 2.8)
    people = np.array(((-0.75, 0.1), (0.05, 0.42), (0.55, -0.3)))
    colors, shapes = (BLUE, ORANGE, GREEN), ("o", "^")
    for left, title, shift in ((0.3, "as embedded", (1.75, 0.32)), (4.7, "each camera's mean subtracted", (0.0, 0.0))):
        first = np.array((left + (1.0 if shift[0] else 1.6), 1.15))
        for camera in (0, 1):
            center = first + camera * np.array(shift)
            if shift[0] or camera == 0:
                axes.add_patch(Ellipse(tuple(center), 2.0, 1.5, fc=LIGHT, ec=GRAY, lw=1, ls=":"))
            for (x, y), color in zip(people + 0.09 * camera * np.array((1, -1)), colors, strict=True):
                axes.plot(*(center + np.array((x, y))), shapes[camera], color=color, ms=9, mec="white", zorder=4)
            if shift[0]:
                label(axes, center[0], center[1] + 0.93, f"camera {camera + 1}", fontsize=8)
        label(axes, left + 1.7, 2.62, title, weight="bold")
    arrow(axes, (3.98, 1.3), (4.6, 1.3))
    label(axes, 4.1, 0.15, "one color a person; circles are seen by camera 1, triangles by camera 2", fontsize=8)
    return figure
