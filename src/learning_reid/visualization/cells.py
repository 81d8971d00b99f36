"""One crop in a coloured frame: the brick that pictures of ranked people are built of."""

import numpy as np
from matplotlib.axes import Axes

RIGHT, WRONG, UNKNOWN = "#009e73", "#d55e00", "#9aa0a6"  # green and red of Okabe and Ito's set; grey


def show_crop(
    cell: Axes, crop: np.ndarray, colour: str | tuple[float, ...], faint: bool = False, ratio: float = 2.0
) -> None:
    """Draw a crop into a cell of one shape, whatever the crop's own.

    Args:
        cell: the axes.
        crop: (h, w, 3) uint8, RGB.
        colour: of the frame.
        faint: pale, for what does not count.
        ratio: height of the cell over its width.
    """
    cell.imshow(crop, extent=(0, crop.shape[1], crop.shape[0], 0), alpha=0.35 if faint else 1.0)
    height, width = crop.shape[:2]
    spare_x, spare_y = max(0.0, height / ratio - width) / 2, max(0.0, ratio * width - height) / 2
    cell.set(xlim=(-spare_x, width + spare_x), ylim=(height + spare_y, -spare_y), xticks=[], yticks=[])
    cell.set_facecolor("#f1f3f4")
    for side in cell.spines.values():
        side.set(color=colour, linewidth=3)
