"""Sessions and their footage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.errors import UserError
from reid_store.app import footage as footage_file
from reid_store.app.markup import render_frame, render_matches
from reid_store.app.networks import Networks
from reid_store.app.session import AppState, Session
from reid_store.browse import count_embedded
from tests.reid_store.app.conftest import scene, walk, write_video
from tests.reid_store.fake_store import make_store

Writer = Callable[..., list[Path]]


@pytest.fixture
def state(networks: Networks) -> Iterator[AppState]:
    state = AppState(networks)
    yield state
    state.close()
    assert not state.folder.exists()


def nothing(share: float, words: str) -> None:
    assert 0 <= share <= 1.001 and words


def colors(session: Session) -> list[int]:
    """Return which of the three persons the hits are, by the dominant color of their thumbnails."""
    from reid_store.thumbnails import decode_jpeg

    assert session.ranking is not None
    return [int(decode_jpeg(hit.thumbnail).reshape(-1, 3).mean(axis=0).argmax()) for hit in session.ranking.hits]


def test_query_is_found_in_all_frames_and_cameras(state: AppState, images: Writer, tmp_path: Path) -> None:
    files = [*images(4), write_video(tmp_path / "gate.mp4", walk(6))]
    session = state.open_uploads("me", files, nothing)
    assert session.footage.summary == "30 detections in 10 frames of 2 cameras"
    assert list(session.footage.frames) == ["gate", "images"] and not any(file.exists() for file in files)
    session.show_frame("images", 0)
    red = min(people(session), key=lambda one: one.x1)  # the red person is on the left
    session.search(red.id)
    assert session.ranking is not None and session.ranking.num_compared == 27
    assert colors(session) == [0] * 9 + colors(session)[9:] and 0 not in colors(session)[9:]
    session.set_other_cameras_only(True)
    assert {hit.camera for hit in session.ranking.hits} == {"gate"} and colors(session)[:6] == [0] * 6


def people(session: Session) -> list:
    from reid_store.browse import read_frame_detections

    return list(read_frame_detections(session.footage.engine, session.frame.frame))


def test_footage_is_embedded_once_by_another_network(state: AppState, networks: Networks, images: Writer) -> None:
    session = state.open_uploads("me", images(), nothing)
    session.search(people(session)[0].id)
    first = [hit.distance for hit in session.ranking.hits]  # type: ignore[union-attr]
    label = list(networks.models)[1]
    messages: list[str] = []
    state.set_model("me", label, lambda share, words: messages.append(words))
    assert session.label == label and count_embedded(session.footage.engine, session.footage.models[label]) == 12
    assert [hit.distance for hit in session.ranking.hits] != first  # type: ignore[union-attr]
    assert messages[-1] == "processing frame 4 of 4"
    state.set_model("me", "embedded", lambda share, words: messages.append("again"))
    assert messages[-1] != "again" and [hit.distance for hit in session.ranking.hits] == first  # type: ignore[union-attr]
    with pytest.raises(UserError, match="no network 'none'"):
        Session(replace(session.footage, sources=()), "embedded").set_model("none", networks, nothing)


def test_sessions_share_only_the_street(state: AppState, images: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def draw(folder: Path, *_: object) -> None:
        made.append(folder)
        for view in ("View_001", "View_002", "View_003"):
            (folder / view).mkdir()
            for index, image in enumerate(walk(2)):
                Image.fromarray(image).save(folder / view / f"frame_{index:04d}.png")

    monkeypatch.setattr(footage_file, "write_views", draw)
    one, two = state.open_street("one", nothing), state.open_street("two", nothing)
    assert one.footage is two.footage and len(made) == 1
    one.search(people(one)[0].id)
    one.threshold, one.other_cameras_only = 1.0, True
    assert two.ranking is None and two.threshold != 1.0 and not two.other_cameras_only
    mine = state.open_uploads("one", images(), nothing)
    assert state.session("one") is mine and state.session("two") is two and two.footage.folder.is_dir()  # type: ignore[union-attr]
    folder = mine.footage.folder
    state.close_session("one")
    state.close_session("one")
    assert folder is not None and not folder.exists()
    with pytest.raises(UserError, match="open some footage first"):
        state.session("one")


def test_footage_of_a_page_closed_during_preparation_is_deleted(state: AppState, images: Writer) -> None:
    def close(share: float, words: str) -> None:
        state.close_session("me")

    with pytest.raises(UserError, match="the page was closed"):
        state.open_uploads("me", images(), close)
    assert list(state.folder.iterdir()) == []


def test_footage_without_people_is_reported_and_deleted(state: AppState, tmp_path: Path, images: Writer) -> None:
    before = state.open_uploads("me", images(), nothing)
    for name in ("a.png", "b.png"):
        Image.fromarray(scene([None, None, None])).save(tmp_path / name)
    with pytest.raises(UserError, match="no person was detected in 2 frames"):
        state.open_uploads("me", [tmp_path / "a.png", tmp_path / "b.png"], nothing)
    assert state.session("me") is before and len(list(state.folder.iterdir())) == 1


def test_oldest_session_is_closed_when_there_are_too_many(
    state: AppState, images: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reid_store.app.session.MAX_SESSIONS", 2)
    for name in ("one", "two", "three"):
        state.open_uploads(name, images(), nothing)
    assert len(list(state.folder.iterdir())) == 2
    with pytest.raises(UserError):
        state.session("one")


def test_store_of_the_user_is_only_read(networks: Networks, tmp_path: Path) -> None:
    make_store(tmp_path / "a.db", 2, 3, 5, names=["<img src=x onerror=alert(1)>"]).dispose()
    before = (tmp_path / "a.db").read_bytes()
    state = AppState(networks, f"sqlite:///{tmp_path / 'a.db'}")
    session = state.open_store("me", nothing)
    assert session.footage.has_dates and list(session.footage.models) == ["first"]
    assert not session.image.is_original and session.image.width > 100, (
        "its recordings do not exist, so the image is composed of thumbnails"
    )
    session.search(people(session)[0].id)
    session.show_hit(session.ranking.hits[0].detection)  # type: ignore[union-attr]
    session.show_camera("Camera 2")
    session.set_other_cameras_only(True)
    state.close()
    assert (tmp_path / "a.db").read_bytes() == before
    with pytest.raises(UserError, match="there is no store"):
        AppState(networks).open_store("me", nothing)


def test_images_come_from_the_recording(state: AppState, tmp_path: Path) -> None:
    session = state.open_uploads("me", [write_video(tmp_path / "a.mp4", walk(8))], nothing)
    from reid_store.thumbnails import decode_jpeg

    for place, written in enumerate(walk(8)):
        session.show_frame("a", place)
        assert np.abs(decode_jpeg(session.image.jpeg).astype(int) - written).mean() < 6
    session.show_frame("a", 99)
    assert session.position == 7
    with pytest.raises(UserError, match="no camera 'b'"):
        session.show_frame("b", 0)


def test_other_camera_is_shown_at_the_nearest_time(state: AppState, tmp_path: Path, images: Writer) -> None:
    session = state.open_uploads(
        "me", [write_video(tmp_path / "a.mp4", walk(16)), *images(4)], nothing
    )  # 5 and 1 a second
    session.show_frame("a", 11)
    session.show_camera("images")
    assert session.position == 2
    session.show_camera("a")
    assert session.position == 10


def test_html_in_names_is_escaped(state: AppState, images: Writer) -> None:
    session = state.open_uploads("me", images(), nothing)
    frames = session.footage.frames.pop("images")
    html_name = "<script>alert(1)</script>\"'${1+1}{{1+1}}"
    session.footage.frames[html_name] = [replace(frame, camera=html_name) for frame in frames]
    session.camera = html_name
    session.search(people(session)[0].id)
    for shown in (render_frame(session), render_matches(session)):
        assert "<script" not in shown
    assert "&lt;script&gt;" in render_frame(session)


def test_css_classes_of_people(state: AppState, images: Writer) -> None:
    session = state.open_uploads("me", images(), nothing)
    session.show_frame("images", 0)
    session.search(people(session)[0].id)
    assert (
        render_frame(session).count('class="person query"') == 1
        and render_frame(session).count('class="person other"') == 2
    )
    session.show_hit(session.ranking.hits[0].detection)  # type: ignore[union-attr]
    session.threshold = session.ranking.hits[0].distance  # type: ignore[union-attr]
    assert (
        render_frame(session).count('class="person within highlighted"') == 1
        and render_frame(session).count('class="person far"') == 2
    )
    assert "<b>1 of 9</b> within" in render_matches(session) and "No match" not in render_matches(session)
    session.threshold = 0.0
    assert 'class="person within' not in render_frame(session) and "No match" in render_matches(session)
