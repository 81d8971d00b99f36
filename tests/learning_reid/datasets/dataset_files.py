"""Small datasets on disk: images of a few pixels, no two equal unless requested."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image


def write_image(file: Path, height: int = 40, width: int = 20, like: str | None = None) -> Path:
    """Write an image whose pixels follow from its path (or from `like`), so that two calls write equal bytes."""
    seed = int.from_bytes(hashlib.sha256((like or str(file)).encode()).digest()[:4], "big")
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    return file


def write_images(folder: Path, names: list[str]) -> Path:
    for name in names:
        write_image(folder / name)
    return folder


MARKET = [
    "bounding_box_train/0002_c1s1_000451_03.jpg",
    "bounding_box_train/0002_c2s1_000776_01.jpg",
    "bounding_box_train/0007_c3s3_077419_03.jpg",
    "bounding_box_train/0007_c1s3_077419_03.jpg",
    "query/0003_c1s6_015971_00.jpg",
    "query/0004_c2s6_015996_00.jpg",
    "bounding_box_test/0003_c2s1_000001_02.jpg",
    "bounding_box_test/0004_c6s1_000001_02.jpg",
    "bounding_box_test/0000_c1s1_000151_01.jpg",
    "bounding_box_test/-1_c1s1_000401_03.jpg",
    "bounding_box_test/-1_c2s1_000401_03.jpg",
]


def write_market(folder: Path, clutter: bool = False) -> Path:
    write_images(folder, MARKET)
    if clutter:
        (folder / "query/Thumbs.db").write_bytes(b"db")
        (folder / "query/.hidden.jpg").write_bytes(b"hidden")
        (folder / "query/notes.txt").write_text("x")
        write_image(folder / "bounding_box_test/holiday.jpg")
    return folder
