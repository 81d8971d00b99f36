"""What the page looks at: a generated street, what somebody uploaded, or the reader's own store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import Engine

from learning_reid.errors import UserError
from learning_reid.frames.frame import FrameSource
from learning_reid.frames.sources import open_frames
from learning_reid.frames.synthetic import is_synthetic
from learning_reid.frames.synthetic_views import view_names, write_views
from reid_store.app.networks import Networks
from reid_store.app.uploads import CameraFolder, frames_of_uploads
from reid_store.browse import Still, count_embedded, list_embedders, read_frame_detections, read_frames
from reid_store.detection_filter import DetectionFilter
from reid_store.embedding_cache import EmbeddingCache, open_embedding_cache
from reid_store.extraction import Source, extract
from reid_store.database import open_store
from reid_store.schema import Model
from reid_store.thumbnails import EMPTY, decode_jpeg, encode_jpeg
from reid_synth.datasets.presets import PRESETS
from reid_synth.worker_pool import WorkerPool
from reid_synth.world.world import WorldPlan

Progress = Callable[[float, str], object]  # told the share that is done, and of what
STREET, STREET_SEED = WorldPlan(cameras=3, people=12, frames=20, frames_per_second=1.0), 7
_QUALITY = 90


@dataclass(frozen=True)
class Picture:
    """A frame to look at.

    Attributes:
        jpeg: a JPEG file.
        width, height: in pixels of the frame.
        sure: False where the recording cannot be read any more, and its people's thumbnails stand in for it.
    """

    jpeg: bytes
    width: int
    height: int
    sure: bool


@dataclass(eq=False)
class Footage:
    """A store that somebody looks at, with the way to its pictures.

    Attributes:
        engine: of the store.
        stills: the frames of each camera, in order of time.
        models: the networks that have described somebody, by the name that the page gives them.
        sources: recordings that further networks can look at; none where a store only is asked.
        folder: what is deleted at the end; None where nothing is.
        notes: what the reader should know.
        approximate: whether searches may use an index that misses somebody now and then.
    """

    engine: Engine
    stills: dict[str, list[Still]]
    models: dict[str, Model]
    sources: Sequence[Source] = ()
    folder: Path | None = None
    notes: Sequence[str] = ()
    approximate: bool = False
    _opened: dict[str, FrameSource] = field(default_factory=dict)
    _held: dict[int, EmbeddingCache | None] = field(default_factory=dict)

    @cached_property
    def summary(self) -> str:
        """How much there is."""
        frames = sum(len(stills) for stills in self.stills.values())
        people = max(count_embedded(self.engine, model) for model in self.models.values())
        told = (people, "person", "people"), (frames, "frame", "frames"), (len(self.stills), "camera", "cameras")
        return "{} in {} of {}".format(*(f"{n:,} {one if n == 1 else many}" for n, one, many in told))

    @property
    def dated(self) -> bool:
        """Whether the times of its frames are known."""
        return self.folder is None

    def picture(self, still: Still) -> Picture:
        """A frame; where its recording cannot be read any more, the thumbnails of its people where they were."""
        try:
            if still.source not in self._opened:
                self._opened[still.source] = open_there(still.source)
            image = self._opened[still.source].at(still.index).image
            sure = True
        except (UserError, OSError, ValueError):
            image, sure = _from_thumbnails(self.engine, still.frame), False
        return Picture(encode_jpeg(image, _QUALITY), image.shape[1], image.shape[0], sure)

    def held(self, model: Model) -> EmbeddingCache | None:
        """A network's vectors in memory; None where a server searches."""
        if model.id not in self._held:
            self._held[model.id] = open_embedding_cache(self.engine, model, self.approximate)
        return self._held[model.id]

    def read(self, model: Model) -> None:
        """Read a network's vectors, so that the first question is as quick as the others."""
        if (held := self.held(model)) is not None:
            held.nearest(np.zeros(model.dimension, np.float32), 1, DetectionFilter())

    def describe(self, networks: Networks, label: str, progress: Progress) -> None:
        """Let one of the networks describe everybody, unless it has.

        Raises:
            UserError: its weights cannot be used.
        """
        if label in self.models or not self.sources:
            return
        progress(0.0, f"loading {label}")
        crew = networks.crew(self.engine, label)
        total, passed = sum(len(open_frames(source.path)) for source in self.sources), 0

        def count(frames: int) -> None:
            nonlocal passed
            passed += frames
            progress(passed / total, f"looking at frame {passed} of {total}")

        for source in self.sources:
            extract(self.engine, source, crew, count)
        self.models[label] = crew.embedder_row
        self.stills = read_frames(self.engine)

    def close(self) -> None:
        """Let go of the store; what was made for the page is deleted."""
        for held in filter(None, self._held.values()):
            held.close()
        self.engine.dispose()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def generated_street(folder: Path, networks: Networks, label: str, progress: Progress) -> Footage:
    """Draw a street under several cameras, and look at it."""
    plan, drawn = replace(PRESETS["demo"], world=STREET), 0

    def count() -> None:
        nonlocal drawn
        drawn += 1
        progress(drawn / (STREET.cameras * STREET.frames), f"drawing frame {drawn}")

    with WorkerPool(1) as drawers:
        write_views(folder, plan, STREET_SEED, drawers, count)
    cameras = [
        CameraFolder(f"camera {number}", folder / view, STREET.frames_per_second)
        for number, view in enumerate(view_names(STREET), 1)
    ]
    return _look(folder, cameras, [], networks, label, progress)


def uploaded(files: Sequence[Path], folder: Path, networks: Networks, label: str, progress: Progress) -> Footage:
    """Look at what somebody uploaded.

    Raises:
        UserError: it cannot be used; in a line, what and why.
    """
    cameras, notes = frames_of_uploads(files, folder, partial(_told, progress, "reading the files"))
    return _look(folder, cameras, notes, networks, label, progress)


def stored(url: str, approximate: bool = False) -> Footage:
    """Open a store that is there; nothing is written into it.

    Raises:
        UserError: there is none, or nobody is in it.
    """
    engine = open_store(url, must_exist=True)
    count: dict[str, int] = {}
    models: dict[str, Model] = {}
    for model in list_embedders(engine):
        label = model.name if model.weights == model.name else f"{model.name}, {Path(model.weights).name}"
        count[label] = count.get(label, 0) + 1
        models[label if count[label] == 1 else f"{label} ({count[label]})"] = model
    stills = read_frames(engine)
    if not stills or not models:
        engine.dispose()
        raise UserError("nobody is in the store yet; fill it with: python src/main.py extract --input …")
    return Footage(engine, stills, models, approximate=approximate)


def open_there(source: str) -> FrameSource:
    """Open a recording that is on this disk; nothing is downloaded.

    Raises:
        UserError: it is not there any more, or cannot be read.
    """
    if not is_synthetic(source) and not Path(source).exists():
        raise UserError(f"{source} is not there any more")
    return open_frames(source)


def _look(
    folder: Path, cameras: Sequence[CameraFolder], notes: list[str], networks: Networks, label: str, progress: Progress
) -> Footage:
    sources = [Source(str(one.folder), one.name, frames_per_second=one.frames_per_second) for one in cameras]
    footage = Footage(open_store(f"sqlite:///{folder / 'people.db'}"), {}, {}, sources, folder, notes)
    try:
        footage.describe(networks, label, progress)
        if not count_embedded(footage.engine, footage.models[label]):
            frames = sum(len(stills) for stills in footage.stills.values())
            raise UserError(f"nobody was found in {frames} frames; choose footage that shows people from head to foot")
    except BaseException:
        footage.close()
        raise
    return footage


def _told(progress: Progress, words: str, share: float) -> None:
    progress(share, words)


def _from_thumbnails(engine: Engine, frame: int) -> np.ndarray:
    """(h, w, 3) uint8 RGB: the thumbnails of a frame's people where they were, on a dark ground."""
    people = read_frame_detections(engine, frame)
    right, bottom = (max((getattr(one, edge) for one in people), default=64.0) for edge in ("x2", "y2"))
    canvas = np.full((round(bottom) + 8, round(right) + 8, 3), EMPTY, np.uint8)
    for one in people:
        x1, y1, x2, y2 = (max(0, round(edge)) for edge in (one.x1, one.y1, one.x2, one.y2))
        if x2 > x1 and y2 > y1:
            canvas[y1:y2, x1:x2] = cv2.resize(decode_jpeg(one.thumbnail), (x2 - x1, y2 - y1))
    return canvas
