"""Small frame images for a timeline page, read from the footage; the store itself keeps none."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from learning_reid.frames.sources import open_frames
from learning_reid.frames.stream import is_stream
from learning_reid.io.progress import progress_bar
from reid_store.schema import Recording, StoredFrame
from reid_store.thumbnails import encode_jpeg
from reid_store.timeline_data import TimelineData

MAX_FRAMES = 4000
WIDTH_PX = 320
_QUALITY = 55


def add_frame_images(engine: Engine, page: TimelineData) -> tuple[TimelineData, Sequence[str]]:
    """Add a small image of each frame with detections to a page.

    Args:
        engine: From `open_store`.
        page: From `read_timeline`.

    Returns:
        A new page, and one line for each recording that cannot be read.

    Raises:
        UserError: There are too many frames for a page.
    """
    wanted: dict[int, set[int]] = defaultdict(set)  # recording → frame numbers
    column = page.values["detections"]
    for recording, frame in zip(column["recording"], column["frame"], strict=True):
        wanted[recording].add(frame)
    if (total := sum(map(len, wanted.values()))) > MAX_FRAMES:
        raise UserError(
            f"{total:,} frames are too many for a page (at most {MAX_FRAMES:,}); select some with --camera, --after, "
            "--before"
        )
    names = _stored_names(engine, page)
    images: dict[str, str] = {}
    notes = []
    for recording, indices in sorted(wanted.items()):
        source = page.sources[recording]
        missing = {names.get((source, index)) or index: index for index in indices}
        try:
            if is_stream(source):
                raise UserError(f"{source} was a stream, which is not kept")
            frames = open_frames(source)
            for frame in progress_bar(frames, len(frames), "reading frames"):
                name = frame.name if frame.name in missing else frame.index  # images may have been deleted or added
                if (index := missing.pop(name, None)) is not None:
                    images[f"{recording}:{index}"] = _encode_small(frame.image)
                if not missing:
                    break
            if missing:
                raise UserError(f"{source} has changed since it was stored: {len(missing)} images are missing")
        except UserError as error:
            notes.append(f"frames of a recording are not shown: {error}")
    return replace(page, frames=images), notes


def _stored_names(engine: Engine, page: TimelineData) -> dict[tuple[str, int], str | None]:
    """Return the file names of the stored frames by source and index."""
    query = select(Recording.source, StoredFrame.index, StoredFrame.name).join(StoredFrame)
    with Session(engine) as session:
        rows = session.execute(query.where(Recording.source.in_(page.sources)))
        return {(source, index): name for source, index, name in rows}


def _encode_small(image: np.ndarray) -> str:
    """Encode a frame (h, w, 3) uint8 RGB as a small JPEG file in base64."""
    height, width = image.shape[:2]
    if width > WIDTH_PX:
        image = cv2.resize(image, (WIDTH_PX, max(1, round(height * WIDTH_PX / width))), interpolation=cv2.INTER_AREA)
    return base64.b64encode(encode_jpeg(image, _QUALITY)).decode("ascii")
