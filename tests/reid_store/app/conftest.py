"""Fake networks and tiny footage for the app."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest
import supervision as sv
from PIL import Image

from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.frames.frame import Frame
from reid_store.app.networks import Networks
from reid_store.config import StoreSettings

HEIGHT, WIDTH = 96, 160
PLACES = ((10, 20, 34, 80), (60, 20, 84, 80), (110, 20, 134, 80))
SHIRTS = np.array([[220, 40, 40], [40, 200, 60], [50, 60, 220]], np.uint8)  # one for each person


class ColorDetector:
    """A detector that finds people at three positions: whatever is not gray there."""

    weights = Path(__file__)

    def __call__(self, frame: Frame) -> sv.Detections:
        image = frame.image.astype(int)
        boxes = [
            box for box in PLACES if np.ptp(image[box[1] : box[3], box[0] : box[2]].reshape(-1, 3).mean(axis=0)) > 40
        ]
        return sv.Detections(
            xyxy=np.array(boxes, np.float32).reshape(-1, 4), confidence=np.full(len(boxes), 0.9, np.float32)
        )


class ColorEmbedder:
    """An embedder that returns the mean color, or one channel of it."""

    preprocessing, dimension = Preprocessing(8, 4), 3

    def __init__(self, channel: int | None = None) -> None:
        self.channel = channel

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        colors = np.array([crop.reshape(-1, 3).mean(axis=0) for crop in crops], np.float32).reshape(-1, 3) + 1
        if self.channel is not None:
            colors = np.stack([colors[:, self.channel], np.full(len(colors), 60), np.zeros(len(colors))], axis=1)
        return (colors / np.linalg.norm(colors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def quick_networks() -> Iterator[None]:
    """Replace the real networks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Networks, "_load_detector", lambda self: ColorDetector())
        patch.setattr(Networks, "_load_embedder", lambda self, label: ColorEmbedder(None if label == "embedded" else 0))
        yield


@pytest.fixture(scope="session")
def other_weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A second network, named as on a command line."""
    file = tmp_path_factory.mktemp("weights") / "other.pth"
    file.write_bytes(b"weights")
    return f"osnet_x0_25={file}"


@pytest.fixture
def networks(quick_networks: None, other_weights: str) -> Networks:
    """Both networks."""
    return Networks(StoreSettings(), [other_weights])


def scene(persons: Sequence[int | None], light: int = 0) -> np.ndarray:
    """Draw a frame with these persons at the three positions."""
    image = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    for (x1, y1, x2, y2), person in zip(PLACES, persons, strict=True):
        if person is not None:
            image[y1:y2, x1:x2] = np.clip(SHIRTS[person] + np.array([light, light // 2, 0]), 0, 255)
    return image


def walk(frames: int) -> list[np.ndarray]:
    """Draw three persons who change positions, in changing light."""
    return [scene([(place + index) % 3 for place in range(3)], light=3 * index) for index in range(frames)]


@pytest.fixture
def images(tmp_path: Path) -> Callable[..., list[Path]]:
    """A function that writes images."""

    def write(frames: int = 4) -> list[Path]:
        files = [tmp_path / f"yard_{index}.png" for index in range(frames)]
        for file, image in zip(files, walk(frames), strict=True):
            Image.fromarray(image).save(file)
        return files

    return write


def write_video(file: Path, frames: Sequence[np.ndarray], rate: int = 5, **options: str) -> Path:
    """Encode frames as a video."""
    with av.open(str(file), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return file
