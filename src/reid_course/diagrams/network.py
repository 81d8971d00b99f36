"""Diagrams of OSNet: its block and the whole network."""

from matplotlib.figure import Figure

from reid_course.diagrams.shapes import DARK_ORANGE, LIGHT, arrow, box, canvas, label

GATE = "#fbf1de"


def draw_osnet_block() -> Figure:
    """Draw the omni-scale block: four streams of growing receptive field, one shared gate, and the shortcut."""
    figure, axes = canvas(8.4, 3.4)
    box(axes, 0.35, 1.35, 0.75, 0.6, "1×1\nconv")
    label(axes, 0.12, 1.65, "x")
    for row in range(4):
        y = 2.7 - 0.72 * row
        arrow(axes, (1.12, 1.65), (1.53, y + 0.22))
        for column in range(row + 1):
            box(axes, 1.55 + 0.82 * column, y, 0.7, 0.44, "Lite 3×3", fontsize=8)
            if column:
                arrow(axes, (1.43 + 0.82 * column, y + 0.22), (1.54 + 0.82 * column, y + 0.22), mutation_scale=8)
        end = 2.27 + 0.82 * row
        arrow(axes, (end, y + 0.22), (5.23, y + 0.22))
        box(axes, 5.25, y, 0.6, 0.44, "gate", GATE, 8)
        arrow(axes, (5.87, y + 0.22), (6.28, 1.72))
        label(axes, 5.0, y + 0.34, f"{(3, 5, 7, 9)[row]}×{(3, 5, 7, 9)[row]}", fontsize=8, color="#666666")
    for x, text in ((6.42, "+"), (7.86, "+")):
        box(axes, x - 0.13, 1.52, 0.26, 0.26, text, "white", 11)
    box(axes, 6.78, 1.35, 0.75, 0.6, "1×1\nconv")
    arrow(axes, (6.57, 1.65), (6.76, 1.65))
    arrow(axes, (7.55, 1.65), (7.71, 1.65))
    arrow(axes, (8.01, 1.65), (8.32, 1.65))
    axes.plot([0.2, 0.2, 7.86], [1.5, 0.16, 0.16], color="#666666", lw=1.2)
    arrow(axes, (7.86, 0.16), (7.86, 1.5), "#666666", lw=1.2)
    label(axes, 4.1, 0.26, "shortcut", fontsize=8, color="#666666")
    label(axes, 5.0, 3.3, "sees", fontsize=8, color="#666666")
    label(axes, 5.95, 3.3, "one gate, shared", fontsize=8, color=DARK_ORANGE)
    return figure


STAGES = (
    ("image", "3", "256 × 128", 2.2),
    ("conv1\n7×7, pool", "64", "64 × 32", 1.75),
    ("conv2\n2 blocks", "256", "64 × 32", 1.75),
    ("conv3\n2 blocks", "384", "32 × 16", 1.3),
    ("conv4\n2 blocks", "512", "16 × 8", 0.95),
    ("conv5\n1×1", "512", "16 × 8", 0.95),
    ("average\npooling", "512", "1 × 1", 0.45),
    ("linear\nlayer", "512", "embedding", 0.45),
)


def draw_osnet() -> Figure:
    """Draw OSNet ×1.0 from image to embedding, with channels and sizes."""
    figure, axes = canvas(8.4, 3.2)
    width = 0.66
    for index, (name, channels, size, height) in enumerate(STAGES):
        x, y = 0.2 + 1.03 * index, 1.75 - height / 2
        box(axes, x, y, width if index < 6 else 0.5, height, channels, GATE if "blocks" in name else LIGHT)
        label(axes, x + width / 2, 3.0, name, fontsize=8)
        label(axes, x + width / 2, 0.42, size, fontsize=8, color="#555555")
        if index:
            arrow(axes, (x - 1.03 + width + 0.02, 1.75), (x - 0.03, 1.75))
    label(
        axes,
        4.2,
        0.12,
        "in the boxes: channels; below: height × width of the feature map; yellow: omni-scale blocks",
        fontsize=8,
    )
    return figure
