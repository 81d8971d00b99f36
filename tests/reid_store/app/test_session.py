"""Tabs and what they share; footage that comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.errors import UserError
from reid_store.app import footage as footage_file
from reid_store.app.markup import frame, matches
from reid_store.app.networks import Networks
from reid_store.app.session import Desk, Tab
from reid_store.browse import count_embedded
from tests.reid_store.app.conftest import film, scene, walk
from tests.reid_store.making import make_store

Writer = Callable[..., list[Path]]


@pytest.fixture
def desk(networks: Networks) -> Iterator[Desk]:
    desk = Desk(networks)
    yield desk
    desk.close()
    assert not desk.folder.exists()


def nothing(share: float, words: str) -> None:
    assert 0 <= share <= 1.001 and words


def colours(tab: Tab) -> list[int]:
    """Which of the three persons the answers are, by the strongest colour of their thumbnails."""
    from reid_store.thumbnails import decode_jpeg

    assert tab.answer is not None
    return [int(decode_jpeg(hit.thumbnail).reshape(-1, 3).mean(axis=0).argmax()) for hit in tab.answer.found]


def test_who_was_clicked_is_found_in_all_frames_and_cameras(desk: Desk, pictures: Writer, tmp_path: Path) -> None:
    files = [*pictures(4), film(tmp_path / "gate.mp4", walk(6))]
    tab = desk.look_at_uploads("me", files, nothing)
    assert tab.footage.summary == "30 people in 10 frames of 2 cameras"
    assert list(tab.footage.stills) == ["gate", "pictures"] and not any(file.exists() for file in files)
    tab.show("pictures", 0)
    red = min(_people(tab), key=lambda one: one.x1)  # the red one stands on the left
    tab.click(red.id)
    assert tab.answer is not None and tab.answer.compared == 27
    assert colours(tab) == [0] * 9 + colours(tab)[9:] and 0 not in colours(tab)[9:]
    tab.look_elsewhere(True)
    assert {hit.camera for hit in tab.answer.found} == {"gate"} and colours(tab)[:6] == [0] * 6


def _people(tab: Tab) -> list:
    from reid_store.browse import read_frame_detections

    return list(read_frame_detections(tab.footage.engine, tab.still.frame))


def test_another_network_looks_when_it_is_asked_and_then_no_more(
    desk: Desk, networks: Networks, pictures: Writer
) -> None:
    tab = desk.look_at_uploads("me", pictures(), nothing)
    tab.click(_people(tab)[0].id)
    first = [hit.distance for hit in tab.answer.found]  # type: ignore[union-attr]
    label = list(networks.models)[1]
    told: list[str] = []
    desk.switch("me", label, lambda share, words: told.append(words))
    assert tab.label == label and count_embedded(tab.footage.engine, tab.footage.models[label]) == 12
    assert [hit.distance for hit in tab.answer.found] != first  # type: ignore[union-attr]
    assert told[-1] == "looking at frame 4 of 4"
    desk.switch("me", "embedded", lambda share, words: told.append("again"))
    assert told[-1] != "again" and [hit.distance for hit in tab.answer.found] == first  # type: ignore[union-attr]
    with pytest.raises(UserError, match="no network 'none'"):
        Tab(replace(tab.footage, sources=()), "embedded").switch("none", networks, nothing)


def test_tabs_share_the_street_and_nothing_else(desk: Desk, pictures: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def draw(folder: Path, *_: object) -> None:
        made.append(folder)
        for view in ("View_001", "View_002", "View_003"):
            (folder / view).mkdir()
            for index, image in enumerate(walk(2)):
                Image.fromarray(image).save(folder / view / f"frame_{index:04d}.png")

    monkeypatch.setattr(footage_file, "write_views", draw)
    one, two = desk.look_at_street("one", nothing), desk.look_at_street("two", nothing)
    assert one.footage is two.footage and len(made) == 1
    one.click(_people(one)[0].id)
    one.limit, one.elsewhere = 1.0, True
    assert two.answer is None and two.limit != 1.0 and not two.elsewhere
    mine = desk.look_at_uploads("one", pictures(), nothing)
    assert desk.tab("one") is mine and desk.tab("two") is two and two.footage.folder.is_dir()  # type: ignore[union-attr]
    folder = mine.footage.folder
    desk.close_tab("one")
    desk.close_tab("one")
    assert folder is not None and not folder.exists()
    with pytest.raises(UserError, match="choose what to look at first"):
        desk.tab("one")


def test_what_is_made_for_a_page_that_was_closed_meanwhile_goes(desk: Desk, pictures: Writer) -> None:
    def close(share: float, words: str) -> None:
        desk.close_tab("me")

    with pytest.raises(UserError, match="the page was closed"):
        desk.look_at_uploads("me", pictures(), close)
    assert list(desk.folder.iterdir()) == []


def test_nobody_found_is_told_and_leaves_nothing(desk: Desk, tmp_path: Path, pictures: Writer) -> None:
    before = desk.look_at_uploads("me", pictures(), nothing)
    for name in ("a.png", "b.png"):
        Image.fromarray(scene([None, None, None])).save(tmp_path / name)
    with pytest.raises(UserError, match="nobody was found in 2 frames"):
        desk.look_at_uploads("me", [tmp_path / "a.png", tmp_path / "b.png"], nothing)
    assert desk.tab("me") is before and len(list(desk.folder.iterdir())) == 1


def test_the_footage_of_too_many_tabs_goes(desk: Desk, pictures: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid_store.app.session.MAX_SESSIONS", 2)
    for name in ("one", "two", "three"):
        desk.look_at_uploads(name, pictures(), nothing)
    assert len(list(desk.folder.iterdir())) == 2
    with pytest.raises(UserError):
        desk.tab("one")


def test_the_readers_own_store_is_only_read(networks: Networks, tmp_path: Path) -> None:
    make_store(tmp_path / "a.db", 2, 3, 5, names=["<img src=x onerror=alert(1)>"]).dispose()
    before = (tmp_path / "a.db").read_bytes()
    desk = Desk(networks, f"sqlite:///{tmp_path / 'a.db'}")
    tab = desk.look_at_store("me", nothing)
    assert tab.footage.dated and list(tab.footage.models) == ["first"]
    assert not tab.picture.sure and tab.picture.width > 100, "its recordings are nowhere: thumbnails stand in"
    tab.click(_people(tab)[0].id)
    tab.jump(tab.answer.found[0].detection)  # type: ignore[union-attr]
    tab.look_through("Camera 2")
    tab.look_elsewhere(True)
    desk.close()
    assert (tmp_path / "a.db").read_bytes() == before
    with pytest.raises(UserError, match="there is no store"):
        Desk(networks).look_at_store("me", nothing)


def test_frames_are_those_of_the_recording(desk: Desk, tmp_path: Path) -> None:
    tab = desk.look_at_uploads("me", [film(tmp_path / "a.mp4", walk(8))], nothing)
    from reid_store.thumbnails import decode_jpeg

    for place, written in enumerate(walk(8)):
        tab.show("a", place)
        assert np.abs(decode_jpeg(tab.picture.jpeg).astype(int) - written).mean() < 6
    tab.show("a", 99)
    assert tab.place == 7
    with pytest.raises(UserError, match="no camera 'b'"):
        tab.show("b", 0)


def test_another_camera_is_shown_at_about_the_same_time(desk: Desk, tmp_path: Path, pictures: Writer) -> None:
    tab = desk.look_at_uploads("me", [film(tmp_path / "a.mp4", walk(16)), *pictures(4)], nothing)  # 5 and 1 a second
    tab.show("a", 11)
    tab.look_through("pictures")
    assert tab.place == 2
    tab.look_through("a")
    assert tab.place == 10


def test_what_is_shown_is_escaped(desk: Desk, pictures: Writer) -> None:
    tab = desk.look_at_uploads("me", pictures(), nothing)
    stills = tab.footage.stills.pop("pictures")
    naughty = "<script>alert(1)</script>\"'${1+1}{{1+1}}"
    tab.footage.stills[naughty] = [replace(still, camera=naughty) for still in stills]
    tab.camera = naughty
    tab.click(_people(tab)[0].id)
    for shown in (frame(tab), matches(tab)):
        assert "<script" not in shown
    assert "&lt;script&gt;" in frame(tab)


def test_how_people_are_marked(desk: Desk, pictures: Writer) -> None:
    tab = desk.look_at_uploads("me", pictures(), nothing)
    tab.show("pictures", 0)
    tab.click(_people(tab)[0].id)
    assert frame(tab).count('class="person asked"') == 1 and frame(tab).count('class="person other"') == 2
    tab.jump(tab.answer.found[0].detection)  # type: ignore[union-attr]
    tab.limit = tab.answer.found[0].distance  # type: ignore[union-attr]
    assert frame(tab).count('class="person within marked"') == 1 and frame(tab).count('class="person far"') == 2
    assert "<b>1 of 9</b> within" in matches(tab) and "Nobody like this" not in matches(tab)
    tab.limit = 0.0
    assert 'class="person within' not in frame(tab) and "Nobody like this" in matches(tab)
