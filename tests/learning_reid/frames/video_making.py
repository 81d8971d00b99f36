"""Make videos for tests."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, FRAMES, RATE = 64, 48, 30, 10


def shade(index: int) -> int:
    return 8 * index


def make_video(
    path: Path, frames: int = FRAMES, codec: str = "libx264", aspect_ratio: Fraction = Fraction(1),
    times_s: Sequence[float] = (), tick_s: Fraction = Fraction(1, 1000), **options: str,
) -> Path:  # fmt: skip
    """Write frames of gray `shade(N)` with a brighter and a noisy quarter; B-frames are stored out of order.

    Args:
        path: The suffix determines the container.
        frames: Their number, at a constant rate.
        codec: Name of the encoder.
        aspect_ratio: Width over height of a pixel.
        times_s: Presentation times of a variable frame rate, instead of `frames`.
        tick_s: Unit of these times in the file.
        options: Of the container.
    """
    noise = np.random.default_rng(0)  # makes the file larger
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = 6
        stream.codec_context.sample_aspect_ratio = aspect_ratio
        if times_s:
            stream.codec_context.time_base = tick_s
        for index in range(len(times_s) or frames):
            image = np.full((HEIGHT, WIDTH, 3), shade(index) % 200, np.uint8)
            image[: HEIGHT // 2, : WIDTH // 2] += 50
            image[HEIGHT // 2 :, : WIDTH // 2] += noise.integers(0, 50, (HEIGHT // 2, WIDTH // 2, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            if times_s:
                frame.pts, frame.time_base = round(times_s[index] / tick_s), tick_s
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
