"""The footage of a session: a synthetic street, uploaded files, or the user's own store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
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
from reid_store.app.uploads import CameraFolder, write_upload_frames
from reid_store.browse import FrameRecord, count_embedded, list_embedders, read_frame_detections, read_frames
from reid_store.database import open_store
from reid_store.detection_filter import DetectionFilter
from reid_store.embedding_cache import EmbeddingCache, open_embedding_cache
from reid_store.extraction import RecordingSource, extract
from reid_store.schema import Model
from reid_store.thumbnails import EMPTY, decode_jpeg, encode_jpeg
from reid_synth.datasets.presets import PRESETS
from reid_synth.worker_pool import WorkerPool
from reid_synth.world.world import WorldPlan

ProgressCallback = Callable[[float, str], object]  # called with the share that is done and what is being done
STREET, STREET_SEED = WorldPlan(cameras=3, people=12, frames=20, frames_per_second=1.0), 7
_QUALITY = 90


@dataclass(frozen=True)
class FrameImage:
    """The image of a frame.

    Attributes:
        jpeg: A JPEG file.
        width, height: Pixels of the frame.
        is_original: False if the recording cannot be read and the image is composed of thumbnails.
    """

    jpeg: bytes
    width: int
    height: int
    is_original: bool


@dataclass(eq=False)
class Footage:
    """A store with access to its images.

    Attributes:
        engine: From `open_store`.
        frames: Frames by camera name, in order of time.
        models: Embedding networks of the store by their label on the page.
        sources: Recordings that further networks can embed; empty for a store that is only read.
        folder: Deleted by `close`; None for a store that is only read.
        notes: Lines that the user should see.
        approximate: Allow an approximate index.
    """

    engine: Engine
    frames: dict[str, list[FrameRecord]]
    models: dict[str, Model]
    sources: Sequence[RecordingSource] = ()
    folder: Path | None = None
    notes: Sequence[str] = ()
    approximate: bool = False
    _sources: dict[str, FrameSource] = field(default_factory=dict)
    _caches: dict[int, EmbeddingCache | None] = field(default_factory=dict)

    @cached_property
    def summary(self) -> str:
        """Numbers of detections, frames and cameras."""
        frames = sum(len(frames) for frames in self.frames.values())
        detections = max(count_embedded(self.engine, model) for model in self.models.values())
        counts = (
            (detections, "detection", "detections"),
            (frames, "frame", "frames"),
            (len(self.frames), "camera", "cameras"),
        )
        return "{} in {} of {}".format(*(f"{n:,} {one if n == 1 else many}" for n, one, many in counts))

    @property
    def has_dates(self) -> bool:
        """Whether the dates of its frames are known."""
        return self.folder is None

    def load_image(self, frame: FrameRecord) -> FrameImage:
        """Load a frame; if its recording cannot be read, compose it of thumbnails at their positions."""
        try:
            if frame.source not in self._sources:
                self._sources[frame.source] = open_local(frame.source)
            image, is_original = self._sources[frame.source].at(frame.index).image, True
        except (UserError, OSError, ValueError):
            image, is_original = _compose_from_thumbnails(self.engine, frame.frame), False
        return FrameImage(encode_jpeg(image, _QUALITY), image.shape[1], image.shape[0], is_original)

    def cache(self, model: Model) -> EmbeddingCache | None:
        """Return the embeddings of a network in memory, or None if a server searches."""
        if model.id not in self._caches:
            self._caches[model.id] = open_embedding_cache(self.engine, model, self.approximate)
        return self._caches[model.id]

    def preload(self, model: Model) -> None:
        """Read the embeddings of a network, so that the first search is as fast as later ones."""
        if (cache := self.cache(model)) is not None:
            cache.nearest(np.zeros(model.dimension, np.float32), 1, DetectionFilter())

    def embed(self, networks: Networks, label: str, progress: ProgressCallback) -> None:
        """Embed all detections with one of the networks, unless it has done so.

        Raises:
            UserError: Its weights cannot be used.
        """
        if label in self.models or not self.sources:
            return
        progress(0.0, f"loading {label}")
        models = networks.extraction_models(self.engine, label)
        total, processed = sum(len(open_frames(source.path)) for source in self.sources), 0

        def count(frames: int) -> None:
            nonlocal processed
            processed += frames
            progress(processed / total, f"processing frame {processed} of {total}")

        for source in self.sources:
            extract(self.engine, source, models, count)
        self.models[label] = models.embedder_row
        self.frames = read_frames(self.engine)

    def close(self) -> None:
        """Close the store and delete what was created for this session."""
        for cache in filter(None, self._caches.values()):
            cache.close()
        self.engine.dispose()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def synthetic_footage(folder: Path, networks: Networks, label: str, progress: ProgressCallback) -> Footage:
    """Render a synthetic street with several cameras, and extract its people."""
    preset, rendered = replace(PRESETS["demo"], world=STREET), 0

    def count() -> None:
        nonlocal rendered
        rendered += 1
        progress(rendered / (STREET.cameras * STREET.frames), f"rendering frame {rendered}")

    with WorkerPool(1) as pool:
        write_views(folder, preset, STREET_SEED, pool, count)
    cameras = [
        CameraFolder(f"camera {number}", folder / view, STREET.frames_per_second)
        for number, view in enumerate(view_names(STREET), 1)
    ]
    return _extract_footage(folder, cameras, [], networks, label, progress)


def uploaded_footage(
    files: Sequence[Path], folder: Path, networks: Networks, label: str, progress: ProgressCallback
) -> Footage:
    """Extract the people of uploaded files.

    Raises:
        UserError: The files cannot be used.
    """
    cameras, notes = write_upload_frames(files, folder, lambda share: progress(share, "reading the files"))
    return _extract_footage(folder, cameras, notes, networks, label, progress)


def stored_footage(url: str, approximate: bool = False) -> Footage:
    """Open an existing store, which is only read.

    Raises:
        UserError: There is no store, or it is empty.
    """
    engine = open_store(url, must_exist=True)
    count: dict[str, int] = {}
    models: dict[str, Model] = {}
    for model in list_embedders(engine):
        label = model.name if model.weights == model.name else f"{model.name}, {Path(model.weights).name}"
        count[label] = count.get(label, 0) + 1
        models[label if count[label] == 1 else f"{label} ({count[label]})"] = model
    frames = read_frames(engine)
    if not frames or not models:
        engine.dispose()
        raise UserError("the store is empty; fill it with: python src/main.py extract --input …")
    return Footage(engine, frames, models, approximate=approximate)


def open_local(source: str) -> FrameSource:
    """Open a recording that is on this disk; nothing is downloaded.

    Raises:
        UserError: It has been moved or deleted, or cannot be read.
    """
    if not is_synthetic(source) and not Path(source).exists():
        raise UserError(f"{source} does not exist any more")
    return open_frames(source)


def _extract_footage(
    folder: Path,
    cameras: Sequence[CameraFolder],
    notes: list[str],
    networks: Networks,
    label: str,
    progress: ProgressCallback,
) -> Footage:
    sources = [
        RecordingSource(
            str(camera.folder), camera.name, frames_per_second=camera.frames_per_second, times_s=camera.times_s
        )
        for camera in cameras
    ]
    footage = Footage(open_store(f"sqlite:///{folder / 'people.db'}"), {}, {}, sources, folder, notes)
    try:
        footage.embed(networks, label, progress)
        if not count_embedded(footage.engine, footage.models[label]):
            frames = sum(len(frames) for frames in footage.frames.values())
            raise UserError(f"no person was detected in {frames} frames; choose footage that shows people in full")
    except BaseException:
        footage.close()
        raise
    return footage


def _compose_from_thumbnails(engine: Engine, frame: int) -> np.ndarray:
    """Draw the thumbnails of a frame at their positions on a dark background; (h, w, 3) uint8 RGB."""
    people = read_frame_detections(engine, frame)
    right, bottom = (max((getattr(person, edge) for person in people), default=64.0) for edge in ("x2", "y2"))
    canvas = np.full((round(bottom) + 8, round(right) + 8, 3), EMPTY, np.uint8)
    for person in people:
        x1, y1, x2, y2 = (max(0, round(edge)) for edge in (person.x1, person.y1, person.x2, person.y2))
        if x2 > x1 and y2 > y1:
            canvas[y1:y2, x1:x2] = cv2.resize(decode_jpeg(person.thumbnail), (x2 - x1, y2 - y1))
    return canvas
