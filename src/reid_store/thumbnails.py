"""Thumbnails of detections, JPEG files in the database."""

import cv2
import numpy as np

THUMBNAIL_PX = 128  # height
EMPTY = (30, 34, 40)  # color of a missing image
_QUALITY = 85


def make_thumbnail(crop: np.ndarray) -> bytes:
    """Encode a crop (h, w, 3) uint8 RGB as a small JPEG file."""
    height, width = crop.shape[:2]
    if height > THUMBNAIL_PX:
        size = (max(1, round(width * THUMBNAIL_PX / height)), THUMBNAIL_PX)
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return encode_jpeg(crop, _QUALITY)


def encode_jpeg(image: np.ndarray, quality: int) -> bytes:
    """Encode an image (h, w, 3) uint8 RGB as a JPEG file."""
    return cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def decode_jpeg(jpeg: bytes) -> np.ndarray:
    """Decode a JPEG file to (h, w, 3) uint8 RGB; return two pixels of `EMPTY` if it cannot be read."""
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    return np.full((2, 1, 3), EMPTY, np.uint8) if bgr is None else np.ascontiguousarray(bgr[..., ::-1])
