"""The frames behind a timeline page, small, from the footage itself: the store keeps none."""

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
from learning_reid.frames.open_frames import open_frames
from learning_reid.io.progress import with_bar
from reid_store.schema import Recording, StoredFrame
from reid_store.thumbnails import to_jpeg
from reid_store.timeline_data import Page

MOST = 4000  # frames of a page
WIDTH_PX = 320
_QUALITY = 55


def with_frames(engine: Engine, page: Page) -> tuple[Page, Sequence[str]]:
    """The page with a small picture of each frame that shows somebody on it.

    Args:
        engine: of `open_store`.
        page: of `read_page`.

    Returns:
        The page, and a line for each recording whose footage is gone or cannot be read.

    Raises:
        UserError: more frames than a page can hold.
    """
    wanted: dict[int, set[int]] = defaultdict(set)  # frames of each recording
    column = page.values["detections"]
    for recording, frame in zip(column["recording"], column["frame"], strict=True):
        wanted[recording].add(frame)
    if (total := sum(map(len, wanted.values()))) > MOST:
        raise UserError(
            f"{total:,} frames are too many for a page (at most {MOST:,}); choose some with --camera, --after, --before"
        )
    names = _names(engine, page)
    pictures: dict[str, str] = {}
    notes = []
    for recording, indices in sorted(wanted.items()):
        try:
            frames = open_frames(page.sources[recording], max(indices) + 1)
            for frame in with_bar(frames, max(indices) + 1, "reading frames"):
                if frame.index in indices:
                    if names.get((page.sources[recording], frame.index)) not in (None, frame.name):
                        raise UserError(f"{page.sources[recording]} is not what was stored: other files are in it")
                    pictures[f"{recording}:{frame.index}"] = _small(frame.image)
        except UserError as problem:
            notes.append(f"its frames are not shown: {problem}")
    return replace(page, frames=pictures), notes


def _names(engine: Engine, page: Page) -> dict[tuple[str, int], str | None]:
    """What the stored frames were called, by source and index."""
    query = select(Recording.source, StoredFrame.index, StoredFrame.name).join(StoredFrame)
    with Session(engine) as session:
        rows = session.execute(query.where(Recording.source.in_(page.sources)))
        return {(source, index): name for source, index, name in rows}


def _small(image: np.ndarray) -> str:
    """A frame (h, w, 3) uint8 RGB as a small JPEG file in base64."""
    height, width = image.shape[:2]
    if width > WIDTH_PX:
        image = cv2.resize(image, (WIDTH_PX, max(1, round(height * WIDTH_PX / width))), interpolation=cv2.INTER_AREA)
    return base64.b64encode(to_jpeg(image, _QUALITY)).decode("ascii")
