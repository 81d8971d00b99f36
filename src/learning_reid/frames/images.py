"""Find and read image files.

Images are read by Pillow, not OpenCV: OpenCV silently fills the missing part of a truncated JPEG with gray.
"""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from natsort import natsorted, ns
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from learning_reid.errors import UserError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
_BIT_DEPTHS = (8, 10, 12, 14, 16)  # of values in 16-bit files
_RAW_16_BIT_MODES = ("RGB;16B", "RGBA;16B", "LA;16B")  # Pillow's names
IMAGE_ERRORS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)  # what Pillow raises on a broken image


def image_files(folder: Path) -> list[Path]:
    """List the image files of a folder in natural order, without hidden files and sub-folders.

    Raises:
        UserError: The folder cannot be listed.
    """
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise UserError(
            f"cannot list the folder {folder}: {describe_image_error(error)}; check the path and your permissions"
        ) from None
    return [folder / name for name in natural_sort(entry.name for entry in entries if _is_image(entry))]


def natural_sort(names: Iterable[str]) -> list[str]:
    """Sort names with runs of digits compared as numbers and letters without regard to case.

    >>> natural_sort(["frame_10.jpg", "frame_2.jpg", "Frame_1.jpg"])
    ['Frame_1.jpg', 'frame_2.jpg', 'frame_10.jpg']
    """
    return natsorted(names, alg=ns.IGNORECASE | ns.PRESORT)  # PRESORT: names that compare equal have one order too


def read_image(file: Path) -> np.ndarray:
    """Read an image as a viewer shows it: upright by its EXIF orientation, transparent parts over white.

    Args:
        file: JPEG, PNG, BMP or WebP, recognized by content; also gray, palette, CMYK, transparent, and with 16 bits a
            channel, of which the values may use fewer.

    Returns:
        (height, width, 3) uint8, RGB.

    Raises:
        OSError | ValueError | SyntaxError | Image.DecompressionBombError: It is not an image, is truncated or too
            large (`IMAGE_ERRORS`).
    """
    with Image.open(file) as opened:
        deep = _read_16_bit_colors(opened)
        opened.load()
        if deep is not None:
            deep.info |= {"exif": opened.info["exif"]} if "exif" in opened.info else {}
        image = ImageOps.exif_transpose(opened if deep is None else deep)
    if image.mode.startswith("I"):  # 16-bit gray, which Pillow's convert would clip at 255 instead of scaling
        gray = _scale_to_8_bits(np.asarray(image).clip(0, 65535))
        return np.repeat(gray[:, :, None], 3, axis=2)
    if image.has_transparency_data:  # the color under a transparent pixel is arbitrary
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return np.array(image.convert("RGB"))  # a copy: Pillow's own array is read-only


def _read_16_bit_colors(opened: ImageFile.ImageFile) -> Image.Image | None:
    """Read a color PNG file with 16 bits a channel, of which Pillow keeps the upper 8; None for other files."""
    if opened.fp is None or not any(tile[3] in _RAW_16_BIT_MODES for tile in opened.tile):
        return None
    opened.fp.seek(0)
    values = cv2.imdecode(np.frombuffer(opened.fp.read(), np.uint8), cv2.IMREAD_UNCHANGED)  # BGR or BGRA
    if values is None or values.dtype != np.uint16 or values.ndim != 3:
        raise ValueError("the 16-bit image is damaged")
    color, alpha = values[:, :, 2::-1], values[:, :, 3:]
    return Image.fromarray(np.dstack([_scale_to_8_bits(color), _scale_to_8_bits(alpha)]))


def _scale_to_8_bits(values: np.ndarray) -> np.ndarray:
    """Scale 16-bit values to 0 … 255 from the least usual bit depth that holds them.

    Many cameras write 10, 12 or 14 bits into 16-bit files: scaled from 65535, they would be nearly black.
    """
    bits = next(bits for bits in _BIT_DEPTHS if values.max(initial=0) < 1 << bits)
    return np.rint(values * (255 / ((1 << bits) - 1))).astype(np.uint8)


def describe_image_error(error: BaseException) -> str:
    """Return a few words about one of `IMAGE_ERRORS`."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} million pixels"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _is_image(entry: Path) -> bool:
    return entry.suffix.lower() in IMAGE_SUFFIXES and not entry.name.startswith(".") and not entry.is_dir()
