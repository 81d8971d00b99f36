"""Diagrams of data: the pipeline, query and gallery, the identity split, the P×K batch."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reid_course.diagrams.shapes import (
    BLUE,
    DARK_ORANGE,
    GRAY,
    GREEN,
    LIGHT,
    ORANGE,
    arrow,
    box,
    canvas,
    crop,
    label,
    person,
)  # fmt: skip

CAMERA_BACKGROUNDS = ("#e9f1f7", "#f7efe2", "#ece8f2", "#e6f2ea")


def draw_pipeline() -> Figure:
    """Draw the way from frames to a ranked list."""
    figure, axes = canvas(8.4, 2.45)
    axes.add_patch(Rectangle((0.1, 0.75), 1.6, 1.1, fc="#dfe7dd", ec=GRAY, lw=1.5))
    axes.add_patch(Rectangle((0.1, 0.75), 1.6, 0.42, fc="#cfcac2", lw=0))
    for x, identity in ((0.45, 0), (0.9, 1), (1.35, 2)):
        person(axes, x, 0.86, identity, 0.62)
        axes.add_patch(Rectangle((x - 0.17, 0.82), 0.34, 0.72, fc="none", ec=ORANGE, lw=1.5, zorder=4))
    label(axes, 0.9, 2.05, "frame")
    for row, identity in enumerate((0, 1, 2)):
        crop(axes, 3.2, 1.55 - 0.66 * row, identity, 0.58)
        arrow(axes, (3.55, 1.84 - 0.66 * row), (3.85, 1.84 - 0.66 * row))
        for column, shade in enumerate(((2, 7, 4, 1, 6), (5, 1, 8, 3, 2), (7, 4, 2, 8, 1))[row]):
            gray = str(1 - shade / 10)
            axes.add_patch(
                Rectangle((5.0 + 0.17 * column, 1.76 - 0.66 * row), 0.17, 0.17, fc=gray, ec="#555555", lw=0.8)
            )
        arrow(axes, (4.72, 1.84 - 0.66 * row), (4.97, 1.84 - 0.66 * row))
        arrow(axes, (5.92, 1.84 - 0.66 * row), (6.2, 1.84 - 0.66 * row))
    box(axes, 1.95, 1.02, 0.85, 0.56, "detector")
    arrow(axes, (1.72, 1.3), (1.93, 1.3))
    arrow(axes, (2.82, 1.3), (3.12, 1.3))
    box(axes, 3.87, 0.42, 0.83, 1.5, "embedder\n(OSNet)")
    label(axes, 3.35, 2.28, "crops")
    label(axes, 5.42, 2.28, "embeddings")
    box(axes, 6.22, 0.42, 0.86, 1.5, "distance\nto the\nquery")
    arrow(axes, (7.1, 1.17), (7.35, 1.17))
    for row, (identity, distance) in enumerate(((1, "0.3"), (0, "0.9"), (2, "1.1"))):
        crop(axes, 7.4, 1.55 - 0.66 * row, identity, 0.58, GREEN if row == 0 else GRAY)
        label(axes, 7.98, 1.84 - 0.66 * row, f"{row + 1}.   {distance}", fontsize=8)
    label(axes, 7.85, 2.28, "ranked list")
    return figure


def draw_query_gallery() -> Figure:
    """Draw which gallery crops of a query count as matches."""
    figure, axes = canvas(8.4, 2.5)
    crop(axes, 0.25, 0.85, 0, 1.2, BLUE, "person 7\ncamera 1", CAMERA_BACKGROUNDS[0])
    label(axes, 0.55, 2.28, "query", weight="bold", color=BLUE)
    gallery = (
        (0, 2, "person 7\ncamera 2", "match", GREEN),
        (1, 2, "person 9\ncamera 2", "no match", ORANGE),
        (0, 1, "person 7\ncamera 1", "ignored:\nsame camera", GRAY),
        (2, 1, "person 4\ncamera 1", "no match", ORANGE),
        (0, 3, "person 7\ncamera 3", "match", GREEN),
        (3, 3, "person 0\ncamera 3", "no match:\ndistractor", ORANGE),
        (4, 2, "person −1\ncamera 2", "ignored:\njunk", GRAY),
    )
    axes.plot([1.25, 1.25], [0.3, 2.2], color=GRAY, lw=1, ls=":")
    for column, (identity, camera, caption, verdict, color) in enumerate(gallery):
        x, ignored = 1.5 + 0.97 * column, color == GRAY
        crop(axes, x, 0.85, identity, 1.2, color, caption, CAMERA_BACKGROUNDS[camera - 1], 0.35 if ignored else 1.0)
        if ignored:
            axes.plot([x, x + 0.6], [0.85, 2.05], color=GRAY, lw=1.5, zorder=4)
        label(
            axes,
            x + 0.3,
            0.24,
            verdict,
            fontsize=8,
            color={GRAY: "#555555", ORANGE: DARK_ORANGE}.get(color, color),
            weight="bold",
        )
    label(axes, 4.7, 2.28, "gallery", weight="bold")
    return figure


def draw_identity_split() -> Figure:
    """Draw that people, and not images, are divided into training, validation and test."""
    figure, axes = canvas(8.4, 2.3)
    parts = (
        (0.15, 3.9, "training identities", "the network learns from them", (0, 1, 2, 3), LIGHT),
        (4.25, 1.45, "validation", "choose epoch\nand settings", (4,), "#fbf1de"),
        (5.9, 2.35, "test identities", "reported; never used before", (6, 7), "#e3f1ea"),
    )
    for x, width, title, use, people, color in parts:
        axes.add_patch(Rectangle((x, 0.62), width, 1.3, fc=color, ec=GRAY, lw=1))
        label(axes, x + width / 2, 2.1, title, weight="bold")
        label(axes, x + width / 2, 0.34, use, fontsize=8)
        for number, identity in enumerate(people):
            left = x + 0.12 + number * (width - 0.1) / len(people)
            for view in range(2):
                crop(axes, left + 0.46 * view, 0.82, identity, 0.86, background=CAMERA_BACKGROUNDS[view])
    return figure


def draw_pk_batch() -> Figure:
    """Draw a batch of P people with K crops each, and the pairs that it contains."""
    figure, axes = canvas(8.4, 3.3)
    for row in range(4):
        label(axes, 0.55, 2.62 - 0.7 * row, f"person {row + 1}", fontsize=8)
        for column in range(4):
            x, y = 1.05 + 0.5 * column, 2.3 - 0.7 * row
            crop(axes, x, y, row, 0.64, background=CAMERA_BACKGROUNDS[(row + column) % 4])
    label(axes, 2.0, 3.12, "K = 4 crops of each person", weight="bold")
    label(axes, 0.14, 1.6, "P = 4 people", weight="bold", rotation=90)
    left, top, cell = 4.2, 2.9, 0.165
    for row in range(16):
        for column in range(16):
            color = LIGHT if row == column else GREEN if row // 4 == column // 4 else "#f6d9c4"
            axes.add_patch(
                Rectangle((left + cell * column, top - cell * (row + 1)), cell, cell, fc=color, ec="white", lw=0.7)
            )
    label(axes, left + 8 * cell, 3.12, "all pairs of the 16 crops", weight="bold")
    for y, color, text in (
        (2.3, GREEN, "positive pairs:\nsame person"),
        (1.55, "#f6d9c4", "negative pairs:\nanother person"),
        (0.8, LIGHT, "a crop with itself:\nnot used"),
    ):
        axes.add_patch(Rectangle((7.05, y - 0.1), 0.2, 0.2, fc=color, ec=GRAY, lw=0.7))
        label(axes, 7.33, y, text, ha="left", fontsize=8)
    return figure
