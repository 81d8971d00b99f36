"""Fabric pages of the texture atlas: base color, pattern, weave; and the noise for all textures."""

from functools import lru_cache

import cv2
import numpy as np

from reid_synth.people.wardrobe import Color, Garment

ROWS, COLUMNS = 64, 128  # of one page
FRONT = COLUMNS // 2  # column of the person's front
_ROW_COORDINATE, _COLUMN_COORDINATE = np.meshgrid(
    np.linspace(0, 1, ROWS, dtype=np.float32),
    np.linspace(0, 1, COLUMNS, endpoint=False, dtype=np.float32),
    indexing="ij",
)
_WEAVES = 16


def smooth_noise(rng: np.random.Generator, rows: int, columns: int, cells: int, octaves: int = 3) -> np.ndarray:
    """Generate value noise of unit deviation: random grids of increasing resolution, interpolated and added.

    Args:
        rng: Source of randomness.
        rows, columns: Size of the result.
        cells: Cells of the coarsest grid along the shorter side.
        octaves: Number of grids; each is twice as fine and 0.6 times as strong as the one before.

    Returns:
        (rows, columns) float32, mean about 0, standard deviation 1.
    """
    total = np.zeros((rows, columns), np.float32)
    for octave in range(octaves):
        size = cells * 2**octave
        grid_rows, grid_columns = (max(2, size * side // min(rows, columns)) for side in (rows, columns))
        grid = rng.standard_normal((min(grid_rows, rows), min(grid_columns, columns)), dtype=np.float32)
        total += 0.6**octave * cv2.resize(grid, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return total / (total.std() + 1e-6)


def paint_fabric(garment: Garment, rng: np.random.Generator) -> np.ndarray:
    """Paint a page of fabric, (ROWS, COLUMNS, 3) float32 RGB 0–255: base color, pattern, weave."""
    share = _pattern(garment, rng)[..., None]
    page = plain(garment.color) * (1 - share) + plain(garment.second_color) * share
    weave = _weave_bank()[int(rng.integers(_WEAVES))]
    return page * (1 + garment.weave * weave)[..., None]


def plain(color: Color) -> np.ndarray:
    """Return a page of one color, (ROWS, COLUMNS, 3) float32."""
    page: np.ndarray = np.empty((ROWS, COLUMNS, 3), np.float32)
    page[:] = color
    return page


def _pattern(garment: Garment, rng: np.random.Generator) -> np.ndarray:
    """Return the share of the second color at each pixel, (ROWS, COLUMNS) 0–1."""
    repeat, phase = garment.pattern_scale, rng.uniform()
    along, around = (_ROW_COORDINATE * repeat + phase) % 1, (_COLUMN_COORDINATE * round(repeat) * 2) % 1
    share: np.ndarray = np.zeros_like(_ROW_COORDINATE)
    if garment.pattern == "hoops":
        share = along < 0.15 + 0.4 * phase
    elif garment.pattern == "stripes":
        share = around < 0.15 + 0.3 * phase
    elif garment.pattern == "check":
        share = 0.5 * (along < 0.5) + 0.5 * (around < 0.5)
    elif garment.pattern == "dots":
        share = (along - 0.5) ** 2 + (around - 0.5) ** 2 < 0.07
    elif garment.pattern == "mottled":
        share = smooth_noise(rng, ROWS, COLUMNS, 6) > 0.2
    elif garment.pattern == "floral":
        share = np.abs(smooth_noise(rng, ROWS, COLUMNS, 10, 2)) > 1.0
    elif garment.pattern == "color_block":
        share = 0.3 + 0.4 * phase < _ROW_COORDINATE
    elif garment.pattern == "gradient":
        share = np.clip(1.6 * _ROW_COORDINATE - 0.3, 0, 1)
    return np.asarray(share, np.float32)


@lru_cache(maxsize=1)
def _weave_bank() -> np.ndarray:
    """Return weave textures, (bank, ROWS, COLUMNS) float32 of unit deviation."""
    rng = np.random.default_rng(21)
    return np.stack([smooth_noise(rng, ROWS, COLUMNS, 8 + 4 * (i % 8), 3) for i in range(_WEAVES)])
