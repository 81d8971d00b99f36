"""The layout of the page, and what happens on a click; what it shows and knows is in the other files of this folder."""

import base64
import itertools
import json
import logging
import math
import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Literal

from learning_reid.errors import UserError
from learning_reid.registry import missing_package
from reid_store.app import markup
from reid_store.app.ranking import Metric, as_csv, as_euclidean, as_strip, shown
from reid_store.app.session import Desk, Tab
from reid_store.app.uploads import ACCEPTED_SOURCES, LARGEST_MB, LONGEST_S, MOST_FRAMES

OLDEST = (6, 25)  # of gradio; pyproject.toml asks for the same

try:
    import gradio as gr
except ModuleNotFoundError as missing:
    raise UserError(missing_package("the page", missing.name or "gradio", "app")) from None
if tuple(map(int, gr.__version__.split(".")[:2])) < OLDEST:  # Colab brings one of its own
    wanted = ".".join(map(str, OLDEST))
    raise UserError(
        f"gradio {gr.__version__} is too old for the page; run: {sys.executable} -m pip install 'gradio>={wanted}'"
    )

STREET, UPLOADS, STORE = "a generated street", "my pictures or video", "my store"
HINTS = {
    STREET: "three cameras, and people who never existed; press Look (it takes some seconds the first time)",
    UPLOADS: "choose a video, or two or more pictures; then press Look",
    STORE: "press Look for the people in the store",
}
EVERYWHERE, ELSEWHERE = "in all other frames", "in the other cameras only"
UNITS = "On vectors of unit length the cosine distance is half the square of the Euclidean one: both rank alike."
Answers = dict[Any, Any]  # what gradio wants back: a new value for some of the parts of the page


class App(gr.Blocks):
    """The page; when it is closed, nothing that was uploaded or made for it stays."""

    desk: Desk

    def close(self, verbose: bool = True) -> None:
        """Stop listening, and delete."""
        super().close(verbose)
        if os.environ.get("GRADIO_TEMP_DIR") == str(self.desk.uploads):
            del os.environ["GRADIO_TEMP_DIR"]
        self.desk.close()


def _told_in_a_line(handler: Callable[..., Answers]) -> Callable[..., Answers]:
    """Whatever goes wrong is told in the line at the top, and the page goes on."""

    @wraps(handler)
    def safe(self: "Page", *arguments: Any, **named: Any) -> Answers:
        try:
            return handler(self, *arguments, **named)
        except UserError as problem:
            return {self.line: markup.line(str(problem), problem=True)}
        except Exception:
            logging.getLogger(__name__).exception("the page met a mistake of this project")
            return {self.line: markup.line("something went wrong; the terminal tells what", problem=True)}

    return safe


class Page:
    """The parts of the page, and a method for each thing that can be done with it.

    Args:
        desk: what all tabs share.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._numbers = itertools.count()
        with App(title="DetectionFilter else were they?", analytics_enabled=False, delete_cache=(600, 3600)) as self.app:
            self._lay_out()
            self._connect()
        self.app.desk = desk

    def _lay_out(self) -> None:
        gr.HTML(
            "<h1>DetectionFilter else were they?</h1><p>Click a person: who of all the other frames and cameras looks most "
            "like them? What you upload stays on this machine and is deleted when you close the page.</p>",
            elem_classes="reid-title",
        )
        with gr.Row(equal_height=False):
            kinds = [STREET, UPLOADS] + [STORE] * (self.desk.url is not None)
            self.kind = gr.Radio(kinds, value=STREET, label="Look at", elem_id="kind", scale=3)
            self.look = gr.Button("Look", variant="primary", elem_id="look", scale=1, min_width=120)
        with gr.Column(visible=False) as self.upload:
            self.files = gr.File(
                label="Videos or pictures",
                file_count="multiple",
                file_types=list(ACCEPTED_SOURCES),
                height=150,
                elem_id="files",
            )
            gr.HTML(
                markup.note(
                    f"Each video is a camera; all pictures together are one. At most {LARGEST_MB} MB a file; "
                    f"{MOST_FRAMES} frames in all, of the first {LONGEST_S:.0f} seconds of each video. Use only "
                    "footage that you may use."
                )
            )
        self.line = gr.HTML(markup.line(HINTS[STREET]), elem_id="line")
        with gr.Column(visible=False) as self.body:
            with gr.Row(equal_height=False):
                with gr.Column(scale=3, min_width=320):
                    self.frame = gr.HTML(elem_id="frame", js_on_load=markup.script("people"))
                    self.camera = gr.Radio([], label="Camera", elem_id="camera")
                    self.place = gr.Slider(1, 2, 1, step=1, label="Frame", elem_id="place")
                with gr.Column(scale=1, min_width=280):
                    self.limit = gr.Slider(0, 2, 0.5, step=0.005, label="Threshold", elem_id="limit")
                    self.limit_told = gr.HTML(elem_id="limit_told")
                    self.scope = gr.Radio(
                        [EVERYWHERE, ELSEWHERE], value=EVERYWHERE, label="Look for them", elem_id="scope"
                    )
                    self.model = gr.Dropdown([], label="Network", elem_id="model")
                    self.metric = gr.Radio(
                        ["euclidean", "cosine"], value="euclidean", label="Distance", info=UNITS, elem_id="metric"
                    )
                    with gr.Row():
                        self.csv = gr.Button("Download CSV", size="sm", min_width=100, elem_id="csv")
                        self.strip = gr.Button("Download strip", size="sm", min_width=100, elem_id="strip")
            self.matches = gr.HTML(elem_id="matches", js_on_load=markup.script("people"))
        self.courier = gr.HTML("", html_template="", js_on_load=markup.script("courier"))

    def _connect(self) -> None:
        parts = [
            self.line, self.kind, self.upload, self.body, self.files, self.frame, self.camera, self.place, self.limit,
            self.limit_told, self.scope, self.model, self.metric, self.matches, self.courier,
        ]  # fmt: skip

        def connect(
            event: Any, handler: Any, inputs: Sequence[Any], busy: Literal["full", "hidden"] = "hidden",
            preprocess: bool = True,
        ) -> None:  # fmt: skip
            work = (
                {"concurrency_id": "networks", "concurrency_limit": 1} if busy == "full" else {"concurrency_limit": 8}
            )
            event(
                handler, list(inputs), parts, show_progress=busy, show_progress_on=self.line,
                trigger_mode="once" if busy == "full" else "always_last", api_visibility="private",
                preprocess=preprocess, **work,
            )  # fmt: skip

        connect(self.kind.input, self.on_kind, [self.kind])
        connect(self.files.upload, self.on_upload, [self.files])
        connect(self.look.click, self.on_look, [self.kind, self.files], "full")
        connect(self.model.input, self.on_model, [self.model], "full")
        connect(self.camera.input, self.on_camera, [self.camera])
        # what is typed beside a slider comes as it is: gradio would only say "Error" to a number out of range
        connect(self.place.input, self.on_place, [self.place], preprocess=False)
        connect(self.frame.click, self.on_person, [])
        connect(self.matches.click, self.on_match, [])
        connect(self.limit.input, self.on_limit, [self.limit], preprocess=False)
        connect(self.metric.input, self.on_metric, [self.metric])
        connect(self.scope.input, self.on_scope, [self.scope])
        connect(self.csv.click, self.on_csv, [])
        connect(self.strip.click, self.on_strip, [])
        self.app.unload(self.on_leave)

    @_told_in_a_line
    def on_kind(self, kind: str) -> Answers:
        """Say what will be looked at."""
        return {self.line: markup.line(HINTS.get(kind, "")), self.upload: gr.Column(visible=kind == UPLOADS)}

    @_told_in_a_line
    def on_upload(self, files: list[str] | None, request: gr.Request) -> Answers:
        """Files have arrived."""
        self.desk.receive(str(request.session_hash), [Path(file) for file in files or ()])
        return {self.line: markup.line(HINTS[UPLOADS])}

    @_told_in_a_line
    def on_look(
        self,
        kind: str,
        files: list[str] | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Answers:
        """Look at other footage."""
        key = str(request.session_hash)
        try:
            if kind == STORE:
                tab = self.desk.look_at_store(key, progress_of(progress))
            elif kind == UPLOADS:
                tab = self.desk.look_at_uploads(key, [Path(file) for file in files or ()], progress_of(progress))
            else:
                tab = self.desk.look_at_street(key, progress_of(progress))
        except UserError as problem:
            return {self.line: markup.line(str(problem), problem=True), self.files: gr.File(value=None)}
        stills = tab.footage.stills
        return {
            **self._show(tab),
            self.kind: kind,
            self.upload: gr.Column(visible=kind == UPLOADS),
            self.body: gr.Column(visible=True),
            self.files: gr.File(value=None),
            self.camera: gr.Radio(list(stills), value=tab.camera),
            self.model: gr.Dropdown(self._labels(tab), value=tab.label),
            self.metric: gr.Radio(value=tab.metric),
            self.scope: gr.Radio(value=EVERYWHERE, visible=len(stills) > 1),
        }

    @_told_in_a_line
    def on_model(self, label: str, request: gr.Request, progress: gr.Progress = gr.Progress()) -> Answers:  # noqa: B008
        """Ask another network."""
        try:
            return self._show(self.desk.switch(str(request.session_hash), label, progress_of(progress)))
        except UserError as problem:
            return {self.line: markup.line(str(problem), problem=True), self.model: self._tab(request).label}

    @_told_in_a_line
    def on_camera(self, camera: str, request: gr.Request) -> Answers:
        """Show another camera."""
        tab = self._tab(request)
        tab.look_through(camera)
        return self._show(tab, matches=False)

    @_told_in_a_line
    def on_place(self, number: float | None, request: gr.Request) -> Answers:
        """Show another frame; an empty box changes nothing, a number out of range is the nearest in it."""
        tab = self._tab(request)
        if number is None:
            return {self.line: self._line(tab)}
        tab.show(tab.camera, int(number) - 1)
        moved = {self.line: self._line(tab), self.frame: markup.frame(tab)}
        return moved if number == tab.place + 1 else {**moved, self.place: tab.place + 1}

    @_told_in_a_line
    def on_person(self, request: gr.Request, event: gr.EventData) -> Answers:
        """Ask where else a person was."""
        tab = self._tab(request)
        tab.click(int(event.detection))
        return self._show(tab)

    @_told_in_a_line
    def on_match(self, request: gr.Request, event: gr.EventData) -> Answers:
        """Show the frame of a match."""
        tab = self._tab(request)
        tab.jump(int(event.detection))
        return self._show(tab, matches=False)

    @_told_in_a_line
    def on_limit(self, limit: float | None, request: gr.Request) -> Answers:
        """Move the threshold; an empty box changes nothing, a number out of range is the nearest in it."""
        tab = self._tab(request)
        if limit is None:
            return {self.line: self._line(tab)}
        tab.limit = as_euclidean(limit, tab.metric)
        moved = {self.line: self._line(tab), self.frame: markup.frame(tab), self.matches: markup.matches(tab)}
        within = round(shown(tab.limit, tab.metric), 3) == round(limit, 3)
        return moved if within else {**moved, self.limit: self._limit_slider(tab)}

    @_told_in_a_line
    def on_metric(self, metric: Metric, request: gr.Request) -> Answers:
        """Show the other distance."""
        tab = self._tab(request)
        tab.metric = metric
        return self._show(tab)

    @_told_in_a_line
    def on_scope(self, scope: str, request: gr.Request) -> Answers:
        """Look in the other cameras only, or everywhere."""
        tab = self._tab(request)
        tab.look_elsewhere(scope == ELSEWHERE)
        return self._show(tab)

    @_told_in_a_line
    def on_csv(self, request: gr.Request) -> Answers:
        """Hand over the table."""
        tab = self._tab(request, asked=True)
        assert tab.answer is not None
        text = as_csv(tab.answer, tab.limit, tab.metric)
        return {self.line: self._line(tab), self.courier: self._parcel("matches.csv", "text/csv", text.encode())}

    @_told_in_a_line
    def on_strip(self, request: gr.Request) -> Answers:
        """Hand over the picture."""
        tab = self._tab(request, asked=True)
        assert tab.answer is not None
        picture = as_strip(tab.answer, tab.limit, tab.metric)
        return {self.line: self._line(tab), self.courier: self._parcel("matches.png", "image/png", picture)}

    def on_leave(self, request: gr.Request) -> None:
        """The tab was closed."""
        self.desk.close_tab(str(request.session_hash))

    def _tab(self, request: gr.Request, asked: bool = False) -> Tab:
        tab = self.desk.tab(str(request.session_hash))
        if asked and tab.answer is None:
            raise UserError("click somebody in the frame first")
        return tab

    def _show(self, tab: Tab, matches: bool = True) -> Answers:
        """The frame with what steers it; and the matches with theirs."""
        answers: Answers = {
            self.line: self._line(tab),
            self.frame: markup.frame(tab),
            self.camera: gr.Radio(value=tab.camera),
            self.place: gr.Slider(
                value=tab.place + 1, maximum=max(2, len(tab.stills)), interactive=len(tab.stills) > 1
            ),
        }
        if matches:
            answers |= {
                self.matches: markup.matches(tab),
                self.limit: self._limit_slider(tab),
                self.limit_told: markup.note(tab.limit_told),
            }
        return answers

    def _limit_slider(self, tab: Tab) -> gr.Slider:
        """As far as the farthest match, so that its whole length is of use."""
        farthest = max([tab.limit, *(hit.distance for hit in (tab.answer.found if tab.answer else ()))])
        most = math.ceil(10 * shown(farthest, tab.metric) + 1e-9) / 10
        return gr.Slider(value=round(shown(tab.limit, tab.metric), 3), maximum=most)

    def _line(self, tab: Tab) -> str:
        return markup.line(tab.footage.summary, more=tuple(tab.footage.notes))

    def _labels(self, tab: Tab) -> list[str]:
        return list(self.desk.networks.models if tab.footage.sources else tab.footage.models)

    def _parcel(self, name: str, kind: str, content: bytes) -> str:
        told = {"name": name, "type": kind, "base64": base64.b64encode(content).decode("ascii")}
        return json.dumps({**told, "number": next(self._numbers)})  # or the same file twice would be no news


def progress_of(progress: gr.Progress) -> Callable[[float, str], object]:
    """The bar of the page as the rest of the project reports to it."""
    return lambda share, words: progress(min(share, 1.0), desc=words)
