"""The map of a head: longitude along the rows, latitude along the columns, and facial features on it."""

import cv2
import numpy as np

ROWS, COLUMNS = 192, 288  # size of the shape map
FINE = 2  # resolution of the painted map relative to the shape map
HALF_LONGITUDE, HALF_LATITUDE = 120.0, 80.0  # extent of the map to each side, degrees
_TUBE_X, _TUBE_Z = 74.0, 84.0  # half-axes of the elliptic cylinder on which features are placed, mm

_longitudes = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 * HALF_LONGITUDE - HALF_LONGITUDE
_latitudes = (np.arange(ROWS) + 0.5) / ROWS * 2 * HALF_LATITUDE - HALF_LATITUDE
LONGITUDE, LATITUDE = (grid.astype(np.float32) for grid in np.meshgrid(_longitudes, _latitudes))
_turn, _dip = np.radians(LONGITUDE), np.radians(LATITUDE)
DIRECTION = np.dstack([np.sin(_turn) * np.cos(_dip), np.sin(_dip), np.cos(_turn) * np.cos(_dip)]).astype(np.float32)
_across = ((np.sin(_turn) / _TUBE_X) ** 2 + (np.cos(_turn) / _TUBE_Z) ** 2) ** -0.5
X = (_across * np.sin(_turn)).astype(np.float32)  # mm to the right of the middle, seen from the front
Y = (_across * np.tan(_dip)).astype(np.float32)  # mm below the eyes
X[np.abs(LONGITUDE) > 90] = np.sign(LONGITUDE[np.abs(LONGITUDE) > 90]) * 1000  # no feature lies on the back of the head


def to_map(points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Map points of the face plane to the shape map.

    Args:
        points_mm: (n, 2) to the right of the middle and below the eyes.

    Returns:
        (n, 2) column and row on the shape map, and (n, 3) the unit direction from the head center.
    """
    x, y = np.asarray(points_mm, np.float64).T
    z = _TUBE_Z * np.sqrt(np.maximum(1 - (x / _TUBE_X) ** 2, 0.0))
    across = np.hypot(x, z)
    position = angles_to_map(np.arctan2(x, z), np.arctan2(y, across))
    direction = np.stack([x, y, z], axis=1)
    return np.stack(position, axis=1), direction / np.linalg.norm(direction, axis=1, keepdims=True)


def angles_to_map(longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return column and row on the shape map for angles in radians."""
    column = (longitude * np.float32(180 / np.pi / (2 * HALF_LONGITUDE)) + 0.5) * COLUMNS - 0.5
    row = (latitude * np.float32(180 / np.pi / (2 * HALF_LATITUDE)) + 0.5) * ROWS - 0.5
    return column, row


def to_painted_map(points_mm: np.ndarray) -> np.ndarray:
    """Map points (n, 2) of the face plane, mm, to pixels (n, 2) of the painted map."""
    return (to_map(points_mm)[0] + 0.5) * FINE - 0.5


def upsample(field: np.ndarray) -> np.ndarray:
    """Resize a field on the shape map to the painted map."""
    return cv2.resize(field, (COLUMNS * FINE, ROWS * FINE), interpolation=cv2.INTER_LINEAR)


def bump(x: float, y: float, wide: float, tall: float, both: bool = False) -> np.ndarray:
    """Return a Gaussian bump of height 1 at a point of the face (mm), mirrored if `both`; (rows, columns)."""
    across = (np.abs(X) if both else X) - np.float32(x)
    return np.exp(-((across / np.float32(wide)) ** 2) - ((Y - np.float32(y)) / np.float32(tall)) ** 2)


def smoothstep(values: np.ndarray) -> np.ndarray:
    """Apply the smoothstep function: 0 below 0, 1 above 1, an S-curve between."""
    t = np.clip(values, 0, 1)
    return t * t * (3 - 2 * t)
