"""What one browser tab is looking at; several tabs share the networks and the generated street, and nothing else."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from learning_reid.errors import UserError
from reid_store.app.ranking import Answer, Metric, ask, first_limit
from reid_store.app.footage import Footage, Picture, Progress, generated_street, stored, uploaded
from reid_store.app.networks import Networks
from reid_store.app.temporary_folder import TemporaryFolder
from reid_store.browse import Still, find_frame, most_crowded_frame
from reid_store.database import database_errors

MAX_SESSIONS = 20  # of which footage is kept


class Tab:
    """The footage, the frame, the person asked for, and where the threshold is.

    Attributes:
        label: the network that is asked.
        limit: the threshold, a Euclidean distance.
        limit_told: where it comes from.
        metric: in which distances are shown.
        elsewhere: look for the person in the other cameras only.
        camera, place: the frame that is shown, by its place among those of its camera.
        marked: a detection that the reader jumped to.
    """

    def __init__(self, footage: Footage, label: str) -> None:
        self.footage, self.label = footage, label
        self.metric: Metric = "euclidean"
        self.elsewhere = False
        self.answer: Answer | None = None
        self.marked: int | None = None
        self.camera, self.place = next(iter(footage.stills)), 0
        if (frame := most_crowded_frame(footage.engine)) is not None:
            self._go_to(frame)
        self.limit, self.limit_told = first_limit(footage, footage.models[label])
        self._picture: tuple[int, Picture] | None = None

    @property
    def picture(self) -> Picture:
        """The frame that is shown, to look at."""
        if self._picture is None or self._picture[0] != self.still.frame:
            self._picture = self.still.frame, self.footage.picture(self.still)
        return self._picture[1]

    @property
    def stills(self) -> Sequence[Still]:
        """The frames of the camera that is shown."""
        return self.footage.stills[self.camera]

    @property
    def still(self) -> Still:
        """The frame that is shown."""
        return self.stills[self.place]

    def show(self, camera: str, place: int) -> None:
        """Show another frame.

        Raises:
            UserError: there is none.
        """
        if camera not in self.footage.stills:
            raise UserError(f"there is no camera {camera!r}; choose one that is listed")
        self.camera = camera
        self.place = min(max(place, 0), len(self.stills) - 1)
        self.marked = None

    def look_through(self, camera: str) -> None:
        """Show what another camera saw at about the same time.

        Raises:
            UserError: there is none of that name.
        """
        time_s = self.still.time_s
        self.show(camera, 0)
        self.place = min(range(len(self.stills)), key=lambda place: abs(self.stills[place].time_s - time_s))

    def click(self, detection: int) -> None:
        """Ask where else somebody was."""
        others = [name for name in self.footage.stills if name != self.camera] if self.elsewhere else []
        self.answer = ask(self.footage, self.footage.models[self.label], detection, others)
        self.marked = None

    def jump(self, detection: int) -> None:
        """Show the frame of a match."""
        self._go_to(find_frame(self.footage.engine, detection))
        self.marked = detection

    def look_elsewhere(self, elsewhere: bool) -> None:
        """Ask again, in the other cameras only, or in all."""
        self.elsewhere = elsewhere
        self._ask_again()

    def switch(self, label: str, networks: Networks, progress: Progress) -> None:
        """Ask another network; where it has not looked at the footage yet, it does so now.

        Raises:
            UserError: its weights cannot be used.
        """
        self.footage.describe(networks, label, progress)
        if label not in self.footage.models:
            raise UserError(f"there is no network {label!r}; choose one that is listed")
        self.label = label
        self.limit, self.limit_told = first_limit(self.footage, self.footage.models[label])
        self._ask_again()

    def _go_to(self, frame: int) -> None:
        """Show a frame.

        Raises:
            UserError: it was stored after this tab looked.
        """
        for camera, stills in self.footage.stills.items():
            for place, still in enumerate(stills):
                if still.frame == frame:
                    self.show(camera, place)
                    return
        raise UserError("the store has got new frames; press Look to see them")

    def _ask_again(self) -> None:
        if self.answer is not None:
            shown, asked = (self.camera, self.place, self.marked), self.answer.asked
            self.jump(asked)  # the cameras that are left out are counted from the person's own
            self.click(asked)
            self.camera, self.place, self.marked = shown


class Desk:
    """What all tabs share: the networks, the generated street, a folder that is deleted at the end.

    Args:
        networks: to choose from.
        url: the reader's own store; None where there is none.
        approximate: as in `Footage`, of that store.
    """

    def __init__(self, networks: Networks, url: str | None = None, approximate: bool = False) -> None:
        self.networks, self.url, self.approximate = networks, url, approximate
        self._folder = TemporaryFolder()
        self._tabs: dict[str, Tab] = {}
        self._street: Footage | None = None
        self._arrived: dict[str, list[Path]] = {}  # files of a tab that have not been looked at
        self._waiting: set[str] = set()  # tabs for which something is being made
        self._at_work = Lock()  # one at a time: the networks take all the cores there are

    @property
    def folder(self) -> Path:
        """DetectionFilter everything lies that is written."""
        return self._folder.path

    @property
    def uploads(self) -> Path:
        """DetectionFilter files arrive."""
        return self.folder / "uploads"

    def tab(self, key: str) -> Tab:
        """The tab of this key.

        Raises:
            UserError: it looks at nothing (yet, or any more).
        """
        if key not in self._tabs:
            raise UserError("choose what to look at first")
        return self._tabs[key]

    def receive(self, key: str, files: Sequence[Path]) -> None:
        """Note what was uploaded, so that it goes with the tab."""
        self._arrived.setdefault(key, []).extend(files)

    def look_at_street(self, key: str, progress: Progress) -> Tab:
        """Look at the generated street, which is made once for all."""
        label = next(iter(self.networks.models))
        with self._working(key):
            if self._street is None:
                with self._new_folder() as folder:
                    self._street = generated_street(folder, self.networks, label, progress)
        return self._open(key, self._street, label)

    def look_at_uploads(self, key: str, files: Sequence[Path], progress: Progress) -> Tab:
        """Look at uploaded files; they are deleted, whatever comes of it.

        Raises:
            UserError: they cannot be used.
        """
        label = next(iter(self.networks.models))
        try:
            with self._working(key), self._new_folder() as folder:
                footage = uploaded(files, folder, self.networks, label, progress)
        finally:
            for file in files:
                file.unlink(missing_ok=True)
        return self._open(key, footage, label)

    def look_at_store(self, key: str, progress: Progress) -> Tab:
        """Look at the reader's own store.

        Raises:
            UserError: there is none, or nobody is in it.
        """
        if self.url is None:
            raise UserError("there is no store; start the page with --set store.url=…")
        with database_errors(self.url):
            progress(0.0, "reading the store")
            footage = stored(self.url, self.approximate)
            label = next(iter(footage.models))
            footage.read(footage.models[label])
            return self._open(key, footage, label)

    def switch(self, key: str, label: str, progress: Progress) -> Tab:
        """Ask another network in a tab."""
        tab = self.tab(key)
        with self._working(key):
            tab.switch(label, self.networks, progress)
        return tab

    def close_tab(self, key: str) -> None:
        """Forget what a tab looked at, and what is being made for it."""
        self._waiting.discard(key)
        for file in self._arrived.pop(key, ()):
            file.unlink(missing_ok=True)
        tab = self._tabs.pop(key, None)
        if tab is not None and tab.footage is not self._street:
            tab.footage.close()

    def close(self) -> None:
        """Forget everything."""
        for key in list(self._tabs):
            self.close_tab(key)
        if self._street is not None:
            self._street.close()
            self._street = None
        self._folder.close()

    def _open(self, key: str, footage: Footage, label: str) -> Tab:
        wanted = key in self._waiting or footage.folder is None
        self.close_tab(key)
        if not wanted:  # closed while it was made
            if footage is not self._street:
                footage.close()
            raise UserError("the page was closed; open it again")
        tab = Tab(footage, label)
        while len(self._tabs) >= MAX_SESSIONS:
            self.close_tab(next(iter(self._tabs)))
        self._tabs[key] = tab
        return tab

    @contextmanager
    def _working(self, key: str) -> Iterator[None]:
        self._waiting.add(key)
        with self._at_work:
            yield

    @contextmanager
    def _new_folder(self) -> Iterator[Path]:
        """A folder to fill; where that fails nothing of it stays."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
