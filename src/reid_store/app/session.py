"""The state of the app: one session per browser tab; sessions share the networks and the synthetic street."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from learning_reid.errors import UserError
from reid_store.app.footage import (
    Footage,
    FrameImage,
    ProgressCallback,
    stored_footage,
    synthetic_footage,
    uploaded_footage,
)
from reid_store.app.networks import Networks
from reid_store.app.ranking import Metric, Ranking, calibrated_threshold, rank_detections
from reid_store.app.temporary_folder import TemporaryFolder
from reid_store.browse import FrameRecord, find_frame, most_crowded_frame
from reid_store.database import database_errors

MAX_SESSIONS = 20  # with footage


class Session:
    """What one browser tab shows.

    Attributes:
        footage: The footage.
        label: The label of the selected network.
        threshold: A Euclidean distance; None = people are ranked, and nothing is decided.
        threshold_note: Where the initial threshold comes from.
        metric: The metric in which distances are shown.
        other_cameras_only: Search only the cameras that the query is not from.
        ranking: The last search, or None.
        camera, position: The frame that is shown: its camera, and its position among that camera's frames.
        highlighted: Id of the hit whose frame is shown, or None.
    """

    def __init__(self, footage: Footage, label: str) -> None:
        self.footage, self.label = footage, label
        self.metric: Metric = "euclidean"
        self.other_cameras_only = False
        self.ranking: Ranking | None = None
        self.highlighted: int | None = None
        self.camera, self.position = next(iter(footage.frames)), 0
        if (frame := most_crowded_frame(footage.engine)) is not None:
            self._go_to(frame)
        self.threshold, self.threshold_note = calibrated_threshold(footage.models[label])
        self._image: tuple[int, FrameImage] | None = None

    @property
    def image(self) -> FrameImage:
        """The image of the frame that is shown."""
        if self._image is None or self._image[0] != self.frame.frame:
            self._image = self.frame.frame, self.footage.load_image(self.frame)
        return self._image[1]

    @property
    def frames(self) -> Sequence[FrameRecord]:
        """The frames of the camera that is shown."""
        return self.footage.frames[self.camera]

    @property
    def frame(self) -> FrameRecord:
        """The frame that is shown."""
        return self.frames[self.position]

    def show_frame(self, camera: str, position: int) -> None:
        """Show another frame; a position out of range is clipped.

        Raises:
            UserError: The camera is unknown.
        """
        if camera not in self.footage.frames:
            raise UserError(f"there is no camera {camera!r}; choose one of the list")
        self.camera = camera
        self.position = min(max(position, 0), len(self.frames) - 1)
        self.highlighted = None

    def show_camera(self, camera: str) -> None:
        """Show the frame of another camera that is nearest in time.

        Raises:
            UserError: The camera is unknown.
        """
        time_s = self.frame.time_s
        self.show_frame(camera, 0)
        self.position = min(range(len(self.frames)), key=lambda position: abs(self.frames[position].time_s - time_s))

    def search(self, query: int) -> None:
        """Rank all other detections by their distance to a query detection of the frame that is shown."""
        others = [name for name in self.footage.frames if name != self.camera] if self.other_cameras_only else []
        self.ranking = rank_detections(self.footage, self.footage.models[self.label], query, others)
        self.highlighted = None

    def show_hit(self, detection: int) -> None:
        """Show the frame of a hit."""
        self._go_to(find_frame(self.footage.engine, detection))
        self.highlighted = detection

    def set_other_cameras_only(self, other_cameras_only: bool) -> None:
        """Choose which cameras to search, and repeat the search."""
        self.other_cameras_only = other_cameras_only
        self._repeat_search()

    def set_model(self, label: str, networks: Networks, progress: ProgressCallback) -> None:
        """Choose another network, embed the footage with it if necessary, and repeat the search.

        Raises:
            UserError: Its weights cannot be used.
        """
        self.footage.embed(networks, label, progress)
        if label not in self.footage.models:
            raise UserError(f"there is no network {label!r}; choose one of the list")
        self.label = label
        self.threshold, self.threshold_note = calibrated_threshold(self.footage.models[label])
        self._repeat_search()

    def _go_to(self, frame: int) -> None:
        """Show a frame by its id.

        Raises:
            UserError: It was stored after this session was opened.
        """
        for camera, frames in self.footage.frames.items():
            for position, record in enumerate(frames):
                if record.frame == frame:
                    self.show_frame(camera, position)
                    return
        raise UserError("the store has new frames; press Open to reload it")

    def _repeat_search(self) -> None:
        if self.ranking is not None:
            shown, query = (self.camera, self.position, self.highlighted), self.ranking.query
            self.show_hit(query)  # `search` excludes the camera that is shown, which must be the query's
            self.search(query)
            self.camera, self.position, self.highlighted = shown


class AppState:
    """The sessions and what they share: the networks, the synthetic street, a temporary folder.

    Args:
        networks: Networks to choose from.
        url: The address of the user's store, or None.
        approximate: As in `Footage`, for the user's store.
    """

    def __init__(self, networks: Networks, url: str | None = None, approximate: bool = False) -> None:
        self.networks, self.url, self.approximate = networks, url, approximate
        self._folder = TemporaryFolder()
        self._sessions: dict[str, Session] = {}
        self._street: Footage | None = None
        self._uploads: dict[str, list[Path]] = {}  # files by session that are not processed yet
        self._pending: set[str] = set()  # sessions whose footage is being prepared
        self._busy = Lock()  # one job at a time, because the networks use all cores

    @property
    def folder(self) -> Path:
        """The folder of all files that the app writes."""
        return self._folder.path

    @property
    def uploads(self) -> Path:
        """The folder of uploaded files."""
        return self.folder / "uploads"

    def session(self, key: str) -> Session:
        """Return a session.

        Raises:
            UserError: It has no footage.
        """
        if key not in self._sessions:
            raise UserError("open some footage first")
        return self._sessions[key]

    def receive_upload(self, key: str, files: Sequence[Path]) -> None:
        """Remember uploaded files, so that they are deleted with the session."""
        self._uploads.setdefault(key, []).extend(files)

    def open_street(self, key: str, progress: ProgressCallback) -> Session:
        """Open the synthetic street, which is rendered once for all sessions."""
        label = next(iter(self.networks.models))
        with self._exclusive(key):
            if self._street is None:
                with self._new_folder() as folder:
                    self._street = synthetic_footage(folder, self.networks, label, progress)
        return self._open(key, self._street, label)

    def open_uploads(self, key: str, files: Sequence[Path], progress: ProgressCallback) -> Session:
        """Open uploaded files, which are deleted afterwards in any case.

        Raises:
            UserError: They cannot be used.
        """
        label = next(iter(self.networks.models))
        try:
            with self._exclusive(key), self._new_folder() as folder:
                footage = uploaded_footage(files, folder, self.networks, label, progress)
        finally:
            for file in files:
                file.unlink(missing_ok=True)
        return self._open(key, footage, label)

    def open_store(self, key: str, progress: ProgressCallback) -> Session:
        """Open the user's store.

        Raises:
            UserError: There is no store, or it is empty.
        """
        if self.url is None:
            raise UserError("there is no store; start the app with --set store.url=…")
        with database_errors(self.url):
            progress(0.0, "reading the store")
            footage = stored_footage(self.url, self.approximate)
            label = next(iter(footage.models))
            footage.preload(footage.models[label])
            return self._open(key, footage, label)

    def set_model(self, key: str, label: str, progress: ProgressCallback) -> Session:
        """Choose another network in a session."""
        session = self.session(key)
        with self._exclusive(key):
            session.set_model(label, self.networks, progress)
        return session

    def close_session(self, key: str) -> None:
        """Delete a session, its uploads, and the footage that is being prepared for it."""
        self._pending.discard(key)
        for file in self._uploads.pop(key, ()):
            file.unlink(missing_ok=True)
        session = self._sessions.pop(key, None)
        if session is not None and session.footage is not self._street:
            session.footage.close()

    def close(self) -> None:
        """Delete everything."""
        for key in list(self._sessions):
            self.close_session(key)
        if self._street is not None:
            self._street.close()
            self._street = None
        self._folder.close()

    def _open(self, key: str, footage: Footage, label: str) -> Session:
        still_open = key in self._pending or footage.folder is None
        self.close_session(key)
        if not still_open:  # closed during the preparation
            if footage is not self._street:
                footage.close()
            raise UserError("the page was closed; open it again")
        session = Session(footage, label)
        while len(self._sessions) >= MAX_SESSIONS:
            self.close_session(next(iter(self._sessions)))
        self._sessions[key] = session
        return session

    @contextmanager
    def _exclusive(self, key: str) -> Iterator[None]:
        self._pending.add(key)
        with self._busy:
            yield

    @contextmanager
    def _new_folder(self) -> Iterator[Path]:
        """Create a folder that is deleted if the block fails."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
