"""Make videos for tests."""

from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, FRAMES, RATE = 64, 48, 30, 10


def shade(index: int) -> int:
    return 8 * index


def make_video(path: Path, frames: int = FRAMES, codec: str = "libx264", **options: str) -> Path:
    """Write frames of gray `shade(N)` with a brighter and a noisy quarter; B-frames are stored out of order."""
    noise = np.random.default_rng(0)  # makes the file larger
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = 6
        for index in range(frames):
            image = np.full((HEIGHT, WIDTH, 3), shade(index) % 200, np.uint8)
            image[: HEIGHT // 2, : WIDTH // 2] += 50
            image[HEIGHT // 2 :, : WIDTH // 2] += noise.integers(0, 50, (HEIGHT // 2, WIDTH // 2, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path
