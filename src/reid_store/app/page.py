"""Layout and event handlers of the page; its state and its HTML are in `session` and `markup`."""

import base64
import itertools
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Literal

from learning_reid.errors import UserError
from learning_reid.registry import missing_package
from reid_store.app import markup
from reid_store.app.ranking import Metric, convert_distance, format_csv, render_strip, to_euclidean
from reid_store.app.session import AppState, Session
from reid_store.app.uploads import ACCEPTED_SUFFIXES, MAX_FILE_MB, MAX_FRAMES, MAX_VIDEO_S

MIN_GRADIO = (6, 25)  # as in pyproject.toml

try:
    import gradio as gr
except ModuleNotFoundError as error:
    raise UserError(missing_package("the app", error.name or "gradio", "app")) from None
if tuple(map(int, gr.__version__.split(".")[:2])) < MIN_GRADIO:  # Colab has its own version
    required = ".".join(map(str, MIN_GRADIO))
    raise UserError(
        f"gradio {gr.__version__} is too old for the app; run: {sys.executable} -m pip install 'gradio>={required}'"
    )

STREET, UPLOADS, STORE = "synthetic street", "my images or videos", "my store"
HINTS = {
    STREET: "Three cameras and synthetic people; press Open (the first time takes some seconds).",
    UPLOADS: "Choose a video, or two or more images; then press Open.",
    STORE: "Press Open to load the people of the store.",
}
ALL_FRAMES, OTHER_CAMERAS = "all other frames", "other cameras only"
METRIC_INFO = "Embeddings have unit length, so both metrics rank alike: cosine is half the squared Euclidean distance."
THRESHOLD_INFO = "Largest distance of a match; 0 = rank only."
MAX_DISTANCE = 2.0  # of unit vectors, in both metrics
Updates = dict[Any, Any]  # new values of components, as gradio expects them from an event handler


class App(gr.Blocks):
    """The page; closing it deletes all uploads and everything that was created for it."""

    app_state: AppState

    def close(self, verbose: bool = True) -> None:
        """Stop the server and delete all files."""
        super().close(verbose)
        if os.environ.get("GRADIO_TEMP_DIR") == str(self.app_state.uploads):
            del os.environ["GRADIO_TEMP_DIR"]
        self.app_state.close()


def _show_errors(handler: Callable[..., Updates]) -> Callable[..., Updates]:
    """Show an exception of an event handler in the status line, so that the page stays usable."""

    @wraps(handler)
    def wrapper(self: "Page", *arguments: Any, **named: Any) -> Updates:
        try:
            return handler(self, *arguments, **named)
        except UserError as error:
            return {self.status: markup.render_status(str(error), error=True)}
        except Exception:
            logging.getLogger(__name__).exception("an event handler failed")
            return {self.status: markup.render_status("internal error; see the terminal for details", error=True)}

    return wrapper


class Page:
    """The components of the page and their event handlers.

    Args:
        state: Shared by all sessions.
    """

    def __init__(self, state: AppState) -> None:
        self.state = state
        self._numbers = itertools.count()
        with App(title="Find a person in all cameras", analytics_enabled=False, delete_cache=(600, 3600)) as self.app:
            self._create_components()
            self._connect()
        self.app.app_state = state

    def _create_components(self) -> None:
        gr.HTML(
            "<h1>Find a person in all cameras</h1><p>Click a person to rank the people in all other frames by "
            "similarity. Uploads stay on this machine and are deleted when you close the page.</p>",
            elem_classes="reid-title",
        )
        with gr.Row(equal_height=False):
            kinds = [STREET, UPLOADS] + [STORE] * (self.state.url is not None)
            self.kind = gr.Radio(kinds, value=STREET, label="Footage", elem_id="kind", scale=3)
            self.open = gr.Button("Open", variant="primary", elem_id="open", scale=1, min_width=120)
        with gr.Column(visible=False) as self.upload:
            self.files = gr.File(
                label="Videos or images",
                file_count="multiple",
                file_types=list(ACCEPTED_SUFFIXES),
                height=150,
                elem_id="files",
            )
            gr.HTML(
                markup.render_note(
                    f"Each video is one camera; all images together are one more. At most {MAX_FILE_MB} MB a file, "
                    f"{MAX_FRAMES} frames in all from the first {MAX_VIDEO_S:.0f} seconds of each video. Use only "
                    "footage that you are allowed to use."
                )
            )
        self.status = gr.HTML(markup.render_status(HINTS[STREET]), elem_id="status")
        with gr.Column(visible=False) as self.body:
            with gr.Row(equal_height=False):
                with gr.Column(scale=3, min_width=320):
                    self.frame = gr.HTML(elem_id="frame", js_on_load=markup.read_script("people"))
                    self.camera = gr.Radio([], label="Camera", elem_id="camera")
                    self.position = gr.Slider(1, 2, 1, step=1, label="Frame", elem_id="position")
                with gr.Column(scale=1, min_width=280):
                    self.threshold = gr.Slider(
                        0, MAX_DISTANCE, 0, step=0.005, label="Threshold", info=THRESHOLD_INFO, elem_id="threshold"
                    )
                    self.threshold_note = gr.HTML(elem_id="threshold_note")
                    self.scope = gr.Radio(
                        [ALL_FRAMES, OTHER_CAMERAS], value=ALL_FRAMES, label="Search in", elem_id="scope"
                    )
                    self.model = gr.Dropdown([], label="Network", elem_id="model")
                    self.metric = gr.Radio(
                        ["euclidean", "cosine"], value="euclidean", label="Distance", info=METRIC_INFO, elem_id="metric"
                    )
                    with gr.Row():
                        self.csv = gr.Button("Download CSV", size="sm", min_width=100, elem_id="csv")
                        self.strip = gr.Button("Download strip", size="sm", min_width=100, elem_id="strip")
            self.matches = gr.HTML(elem_id="matches", js_on_load=markup.read_script("people"))
        self.download = gr.HTML("", html_template="", js_on_load=markup.read_script("download"))

    def _connect(self) -> None:
        components = [
            self.status, self.kind, self.upload, self.body, self.files, self.frame, self.camera, self.position,
            self.threshold, self.threshold_note, self.scope, self.model, self.metric, self.matches, self.download,
        ]  # fmt: skip

        def connect(
            event: Any, handler: Any, inputs: Sequence[Any], progress: Literal["full", "hidden"] = "hidden",
            preprocess: bool = True,
        ) -> None:  # fmt: skip
            uses_networks = progress == "full"
            limits = (
                {"concurrency_id": "networks", "concurrency_limit": 1} if uses_networks else {"concurrency_limit": 8}
            )
            event(
                handler, list(inputs), components, show_progress=progress, show_progress_on=self.status,
                trigger_mode="once" if uses_networks else "always_last", api_visibility="private",
                preprocess=preprocess, **limits,
            )  # fmt: skip

        connect(self.kind.input, self.on_kind, [self.kind])
        connect(self.files.upload, self.on_upload, [self.files])
        connect(self.open.click, self.on_open, [self.kind, self.files], "full")
        connect(self.model.input, self.on_model, [self.model], "full")
        connect(self.camera.input, self.on_camera, [self.camera])
        # Without preprocessing, because gradio would only report "Error" for a typed number out of range.
        connect(self.position.input, self.on_position, [self.position], preprocess=False)
        connect(self.frame.click, self.on_person, [])
        connect(self.matches.click, self.on_match, [])
        connect(self.threshold.input, self.on_threshold, [self.threshold], preprocess=False)
        connect(self.metric.input, self.on_metric, [self.metric])
        connect(self.scope.input, self.on_scope, [self.scope])
        connect(self.csv.click, self.on_csv, [])
        connect(self.strip.click, self.on_strip, [])
        self.app.unload(self.on_close)

    @_show_errors
    def on_kind(self, kind: str) -> Updates:
        """Show the hint of a kind of footage."""
        return {self.status: markup.render_status(HINTS.get(kind, "")), self.upload: gr.Column(visible=kind == UPLOADS)}

    @_show_errors
    def on_upload(self, files: list[str] | None, request: gr.Request) -> Updates:
        """Remember uploaded files."""
        self.state.receive_upload(str(request.session_hash), [Path(file) for file in files or ()])
        return {self.status: markup.render_status(HINTS[UPLOADS])}

    @_show_errors
    def on_open(
        self,
        kind: str,
        files: list[str] | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Updates:
        """Open other footage."""
        key = str(request.session_hash)
        try:
            if kind == STORE:
                session = self.state.open_store(key, _progress_callback(progress))
            elif kind == UPLOADS:
                paths = [Path(file) for file in files or ()]
                session = self.state.open_uploads(key, paths, _progress_callback(progress))
            else:
                session = self.state.open_street(key, _progress_callback(progress))
        except UserError as error:
            return {self.status: markup.render_status(str(error), error=True), self.files: gr.File(value=None)}
        frames = session.footage.frames
        return {
            **self._update(session),
            self.kind: kind,
            self.upload: gr.Column(visible=kind == UPLOADS),
            self.body: gr.Column(visible=True),
            self.files: gr.File(value=None),
            self.camera: gr.Radio(list(frames), value=session.camera),
            self.model: gr.Dropdown(self._labels(session), value=session.label),
            self.metric: gr.Radio(value=session.metric),
            self.scope: gr.Radio(value=ALL_FRAMES, visible=len(frames) > 1),
        }

    @_show_errors
    def on_model(self, label: str, request: gr.Request, progress: gr.Progress = gr.Progress()) -> Updates:  # noqa: B008
        """Choose another network."""
        key = str(request.session_hash)
        try:
            return self._update(self.state.set_model(key, label, _progress_callback(progress)))
        except UserError as error:
            status = markup.render_status(str(error), error=True)
            return {self.status: status, self.model: self._session(request).label}

    @_show_errors
    def on_camera(self, camera: str, request: gr.Request) -> Updates:
        """Show another camera."""
        session = self._session(request)
        session.show_camera(camera)
        return self._update(session, matches=False)

    @_show_errors
    def on_position(self, number: float | None, request: gr.Request) -> Updates:
        """Show another frame; an empty field changes nothing, a number out of range is clipped."""
        session = self._session(request)
        if number is None:
            return {self.status: markup.render_summary(session)}
        session.show_frame(session.camera, int(number) - 1)
        updates = {self.status: markup.render_summary(session), self.frame: markup.render_frame(session)}
        return updates if number == session.position + 1 else {**updates, self.position: session.position + 1}

    @_show_errors
    def on_person(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Search for the person that was clicked."""
        session = self._session(request)
        session.search(int(event.detection))
        return self._update(session)

    @_show_errors
    def on_match(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Show the frame of a match."""
        session = self._session(request)
        session.show_hit(int(event.detection))
        return self._update(session, matches=False)

    @_show_errors
    def on_threshold(self, threshold: float | None, request: gr.Request) -> Updates:
        """Change the threshold; an empty field changes nothing, a number out of range is clipped."""
        session = self._session(request)
        if threshold is None:
            return {self.status: markup.render_summary(session)}
        session.threshold = to_euclidean(threshold, session.metric) or None
        updates = {
            self.status: markup.render_summary(session),
            self.frame: markup.render_frame(session),
            self.matches: markup.render_matches(session),
        }
        shown = _threshold_value(session)
        return updates if round(threshold, 3) == shown else {**updates, self.threshold: shown}

    @_show_errors
    def on_metric(self, metric: Metric, request: gr.Request) -> Updates:
        """Show distances in another metric."""
        session = self._session(request)
        session.metric = metric
        return self._update(session)

    @_show_errors
    def on_scope(self, scope: str, request: gr.Request) -> Updates:
        """Search all frames, or the other cameras only."""
        session = self._session(request)
        session.set_other_cameras_only(scope == OTHER_CAMERAS)
        return self._update(session)

    @_show_errors
    def on_csv(self, request: gr.Request) -> Updates:
        """Download the ranking as a table."""
        session = self._session(request, needs_ranking=True)
        assert session.ranking is not None
        text = format_csv(session.ranking, session.threshold, session.metric)
        payload = self._download_payload("matches.csv", "text/csv", text.encode())
        return {self.status: markup.render_summary(session), self.download: payload}

    @_show_errors
    def on_strip(self, request: gr.Request) -> Updates:
        """Download the nearest matches as an image."""
        session = self._session(request, needs_ranking=True)
        assert session.ranking is not None
        image = render_strip(session.ranking, session.threshold, session.metric)
        payload = self._download_payload("matches.png", "image/png", image)
        return {self.status: markup.render_summary(session), self.download: payload}

    def on_close(self, request: gr.Request) -> None:
        """Delete the session of a browser tab that was closed."""
        self.state.close_session(str(request.session_hash))

    def _session(self, request: gr.Request, needs_ranking: bool = False) -> Session:
        session = self.state.session(str(request.session_hash))
        if needs_ranking and session.ranking is None:
            raise UserError("click a person in the frame first")
        return session

    def _update(self, session: Session, matches: bool = True) -> Updates:
        """Return new values of the frame and, optionally, of the matches, each with its controls."""
        updates: Updates = {
            self.status: markup.render_summary(session),
            self.frame: markup.render_frame(session),
            self.camera: gr.Radio(value=session.camera),
            self.position: gr.Slider(
                value=session.position + 1, maximum=max(2, len(session.frames)), interactive=len(session.frames) > 1
            ),
        }
        if matches:
            updates |= {
                self.matches: markup.render_matches(session),
                self.threshold: _threshold_value(session),
                self.threshold_note: markup.render_note(session.threshold_note),
            }
        return updates

    def _labels(self, session: Session) -> list[str]:
        return list(self.state.networks.models if session.footage.sources else session.footage.models)

    def _download_payload(self, name: str, kind: str, content: bytes) -> str:
        file = {"name": name, "type": kind, "base64": base64.b64encode(content).decode("ascii")}
        return json.dumps({**file, "number": next(self._numbers)})  # gradio ignores a value that has not changed


def _threshold_value(session: Session) -> float:
    """Return the position of the slider: the threshold in the chosen metric, or 0 without one."""
    return 0.0 if session.threshold is None else round(convert_distance(session.threshold, session.metric), 3)


def _progress_callback(progress: gr.Progress) -> Callable[[float, str], object]:
    return lambda share, text: progress(min(share, 1.0), desc=text)
