"""The small picture that is kept of each detection: a JPEG file in the database."""

import cv2
import numpy as np

THUMBNAIL_PX = 128  # height
EMPTY = (30, 34, 40)  # where there is no picture
_QUALITY = 85


def thumbnail(crop: np.ndarray) -> bytes:
    """A crop (h, w, 3) uint8 RGB as a small JPEG file."""
    height, width = crop.shape[:2]
    if height > THUMBNAIL_PX:
        size = (max(1, round(width * THUMBNAIL_PX / height)), THUMBNAIL_PX)
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return to_jpeg(crop, _QUALITY)


def to_jpeg(picture: np.ndarray, quality: int) -> bytes:
    """A picture (h, w, 3) uint8 RGB as a JPEG file."""
    return cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def as_picture(jpeg: bytes) -> np.ndarray:
    """A JPEG file as (h, w, 3) uint8 RGB; two pixels of `EMPTY` where it cannot be read."""
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    return np.full((2, 1, 3), EMPTY, np.uint8) if bgr is None else np.ascontiguousarray(bgr[..., ::-1])
