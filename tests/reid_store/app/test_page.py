"""The page in a real browser: click → matches, the threshold at both ends, bad uploads, downloads, a phone, no network."""

from __future__ import annotations

import re
import sys
import time
import types
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from reid_store.app import page as page_file
from reid_store.app import start as start_file
from reid_store.app.page import App
from reid_store.app.start import build_app, start_app
from reid_store.config import StoreSettings
from reid_store.database import open_store
from reid_store.schema import Camera, Embedding
from tests.conftest import check_contrast
from tests.reid_store.app.conftest import film, scene, walk
from tests.reid_store.making import make_store

NAUGHTY = "<img src=x onerror=alert(1)> ${document.title='hacked'} {{1+1}}"
HARMLESS = ("Method not implemented.", "Response")  # gradio writes this, the second where a file is there at once
Opener = Callable[..., Any]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a store of 3 cameras, 4 persons and 5 moments; one camera's name is code."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'people.db'}"
    engine = make_store(url, cameras=3, persons=4, moments=5, models=("good", "noise"))
    with Session(engine) as session, session.begin():
        session.scalars(select(Camera).where(Camera.name == "Camera 2")).one().name = NAUGHTY
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def running(quick_networks: None, store: str, other_weights: str) -> Iterator[tuple[App, str]]:
    """The page, listening; files of more than 1 MB are too large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_file, "LARGEST_MB", 1)
        patch.setattr(start_file, "LARGEST_MB", 1)
        patch.setenv("GRADIO_TEMP_DIR", "put back at the end")
        app = build_app(StoreSettings.model_validate({"store": {"url": store}}), [other_weights], with_store=True)
        yield app, start_app(app)
        app.close(verbose=False)
    assert not app.desk.folder.exists()


@pytest.fixture
def show(browser: Any, running: tuple[App, str]) -> Iterator[Opener]:
    """Open the page; at the end nothing must have gone wrong in it, and nothing been asked of any other machine."""
    contexts, wrong, address = [], [], running[1]
    assert address.startswith("http://127.0.0.1:")

    def note(message: Any) -> None:
        known = message.text in HARMLESS or "upload_progress" in message.location["url"]
        if message.type in ("error", "warning") and not known:
            wrong.append(message.text)

    def open_page(width: int = 1280, height: int = 900, kind: str = "my store", **more: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", note)
        page.on("dialog", lambda dialog: (wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else wrong.append(asked.url),
        )
        page.goto(address)
        page.get_by_label(kind).check()
        if kind == "my store":
            page.click("#look")
            page.wait_for_selector(".reid-frame .person")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def upload(page: Any, *files: Path) -> None:
    """Choose files and press the button."""
    page.wait_for_selector("#files input[type=file]", state="attached")
    page.set_input_files("#files input[type=file]", [str(file) for file in files])
    page.wait_for_selector("#files .file-preview")
    page.click("#look")


def told(page: Any, *words: str) -> None:
    """Wait until the line at the top says so."""
    page.wait_for_function(
        "words => words.every(word => document.querySelector('#line').innerText.includes(word))", arg=list(words)
    )


def answers(page: Any) -> list[int]:
    """The detections of the gallery, in its order."""
    return page.eval_on_selector_all(".reid-matches li button", "all => all.map(one => Number(one.dataset.detection))")


def within(page: Any, count: str) -> None:
    page.wait_for_function(
        "count => document.querySelector('.reid-matches .count')?.innerText.startsWith(count)", arg=count
    )


def put(page: Any, slider: str, value: float | str) -> None:
    """Type a value beside a slider."""
    page.fill(f"{slider} input[type=number]", str(value))
    page.press(f"{slider} input[type=number]", "Enter")


def nearest(store: str, asked: int, model: int) -> list[int]:
    """The detections of other frames, nearest first: the store holds 4 to a frame, in order of frames."""
    engine = open_store(store)
    with Session(engine) as session:
        rows = session.execute(
            select(Embedding.detection_id, Embedding.reid_embedding).where(Embedding.model_id == model)
        ).all()
    engine.dispose()
    vectors = dict(rows)
    away = {n: float(np.linalg.norm(vector - vectors[asked])) for n, vector in vectors.items()}
    return sorted((n for n in away if (n - 1) // 4 != (asked - 1) // 4), key=lambda n: (away[n], n))


def click(page: Any, number: int) -> int:
    """Click a person of the frame; returns which detection that is."""
    person = page.locator(".reid-frame .person").nth(number)
    detection = int(person.get_attribute("data-detection"))
    person.click()
    page.wait_for_selector(".reid-frame .person.asked")
    page.wait_for_selector(".reid-matches ol")
    return detection


def test_a_click_gives_the_others_in_the_expected_order(show: Opener, store: str) -> None:
    page = show()
    asked = click(page, 1)
    assert page.locator(".person.asked").get_attribute("data-detection") == str(asked)
    expected = nearest(store, asked, model=2)
    assert answers(page) == expected[:48] and len(expected) == 56
    ranks = page.eval_on_selector_all(".reid-matches li b", "all => all.map(one => Number(one.innerText))")
    assert ranks == list(range(1, 49))
    assert "the first 48" in page.inner_text(".reid-matches header")


def test_another_person_another_network_another_distance(show: Opener, store: str) -> None:
    page = show()
    asked = click(page, 0)
    page.click("#model input")
    page.get_by_role("option", name="noise").click()
    page.wait_for_function(
        "first => document.querySelector('.reid-matches li button').dataset.detection === first",
        arg=str(nearest(store, asked, model=3)[0]),
    )
    assert answers(page) == nearest(store, asked, model=3)[:48]
    first = float(page.locator(".reid-matches .told").first.inner_text().split()[1])
    matches = page.inner_text(".reid-matches .count").split(" of ")[0]
    page.get_by_label("cosine").check()
    page.wait_for_function(
        "old => !document.querySelector('.reid-matches .told').innerText.includes(old)", arg=f"{first:.3f}"
    )
    other = float(page.locator(".reid-matches .told").first.inner_text().split()[1])
    assert other == pytest.approx(first**2 / 2, abs=0.002)
    assert answers(page) == nearest(store, asked, model=3)[:48], "both rank alike"
    within(page, f"{matches} of 56")
    page.get_by_label("in the other cameras only").check()
    within(page, page.inner_text(".reid-matches .count").split()[0])
    page.wait_for_function("() => document.querySelector('.reid-matches .count').innerText.includes('of 40')")


def test_the_threshold_at_both_ends_and_between(show: Opener) -> None:
    page = show()
    click(page, 1)
    put(page, "#limit", 0)
    within(page, "0 of 56")
    assert "Nobody like this" in page.inner_text(".reid-matches") and page.locator("li .within").count() == 0
    put(page, "#limit", float(page.get_attribute("#limit input[type=range]", "max")))
    within(page, "56 of 56")
    assert page.locator("li .far").count() == 0 and "Nobody like this" not in page.inner_text(".reid-matches")
    third = page.locator(".reid-matches .told").nth(2).inner_text().split()[1]
    put(page, "#limit", float(third) + 0.001)
    within(page, "3 of 56")
    page.locator(".reid-matches li button").nth(1).click()
    page.wait_for_selector(".person.within.marked")
    page.locator("#limit input[type=range]").focus()
    page.keyboard.press("Home")
    within(page, "0 of 56")
    assert page.locator(".person.within").count() == 0


def test_a_number_out_of_range_is_the_nearest_in_it_and_an_empty_box_changes_nothing(show: Opener) -> None:
    page = show()
    click(page, 1)
    reads = lambda slider, value: page.wait_for_function(  # noqa: E731
        "([slider, value]) => document.querySelector(`${slider} input[type=number]`).value === value",
        arg=[slider, value],
    )
    put(page, "#limit", 99)
    within(page, "56 of 56")
    reads("#limit", "2")
    put(page, "#limit", -3)
    within(page, "0 of 56")
    reads("#limit", "0")
    put(page, "#place", 500)
    reads("#place", "5")
    put(page, "#place", -1)
    reads("#place", "1")
    frame = page.inner_text(".reid-frame figcaption")
    for box in ("#limit", "#place"):
        put(page, box, "")
    put(page, "#limit", 2)
    within(page, "56 of 56")
    assert page.inner_text(".reid-frame figcaption") == frame and page.locator(".toast-body").count() == 0


def test_a_match_leads_to_its_frame_and_back(show: Opener) -> None:
    page = show()
    before = page.inner_text(".reid-frame figcaption")
    click(page, 2)
    match = page.locator(".reid-matches li button").nth(3)
    detection, where = match.get_attribute("data-detection"), match.locator(".where").inner_text()
    match.click()
    page.wait_for_selector(f'.person.marked[data-detection="{detection}"]')
    caption = page.inner_text(".reid-frame figcaption")
    assert caption != before and where.splitlines()[-1] in caption
    assert "the thumbnails of its people are shown" in caption.replace("only ", "")
    page.locator("#camera").get_by_label("Camera 3").check()
    page.wait_for_function("() => document.querySelector('.reid-frame figcaption').innerText.startsWith('Camera 3')")
    put(page, "#place", 5)
    page.wait_for_function("() => document.querySelector('.reid-frame figcaption').innerText.includes('frame 5 of 5')")


def test_the_keyboard_reaches_people_and_matches(show: Opener) -> None:
    page = show()
    person = page.locator(".reid-frame .person").nth(1)
    person.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".person.asked")
    page.wait_for_function("() => document.activeElement.classList.contains('asked')")
    assert "asked for" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.locator(".reid-matches li button").first.focus()
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.match(r"rank 1, distance 0\.\d{3}", label)
    page.keyboard.press("Enter")
    page.wait_for_selector(".person.marked")


def test_a_name_that_is_code_is_shown_as_it_is_written(show: Opener) -> None:
    page = show()
    page.locator("#camera").get_by_label("<img src=x").check()
    page.wait_for_function("() => document.querySelector('.reid-frame figcaption').innerText.includes('<img')")
    click(page, 0)
    page.wait_for_function("() => document.querySelector('.reid-matches').innerText.includes('${document.title')")
    assert page.title() == "DetectionFilter else were they?"


def test_table_and_strip_are_handed_over(show: Opener, tmp_path: Path) -> None:
    page = show()
    page.click("#csv")
    told(page, "click somebody in the frame first")
    click(page, 1)
    for _ in range(2):  # the same file twice is handed over twice
        with page.expect_download() as download:
            page.click("#csv")
        download.value.save_as(tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert download.value.suggested_filename == "matches.csv" and len(lines) == 57
    assert lines[0].startswith("rank,distance,within_threshold,camera,time,frame")
    assert [int(line.rsplit(",", 1)[1]) for line in lines[1:49]] == answers(page)
    with page.expect_download() as download:
        page.click("#strip")
    download.value.save_as(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as strip:
        assert strip.format == "PNG" and strip.width > 500


def test_an_upload_is_looked_at_and_goes_with_the_page(show: Opener, running: tuple[App, str], tmp_path: Path) -> None:
    page, app = show(kind="my pictures or video"), running[0]
    upload(page, film(tmp_path / "gate.mp4", walk(6)), film(tmp_path / "door.mp4", walk(4)))
    told(page, "30 people in 10 frames of 2 cameras")
    click(page, 0)
    within(page, page.inner_text(".reid-matches .count").split()[0])
    page.click("#model input")
    page.get_by_role("option", name="other.pth").click()
    page.wait_for_function("() => document.querySelector('#limit_told').innerText.includes('Nothing was calibrated')")
    there = [folder for folder in app.desk.folder.iterdir() if (folder / "people.db").is_file()]
    assert len(there) == 1 and not list(app.desk.uploads.rglob("*.mp4"))
    other = show()
    other.wait_for_function("() => document.querySelector('#line').innerText.includes('60 people')")
    told(page, "30 people")
    page.close()
    for _ in range(100):
        if not there[0].exists():
            break
        other.wait_for_timeout(100)
    assert not there[0].exists()


def test_bad_uploads_are_one_line_and_the_page_goes_on(show: Opener, tmp_path: Path) -> None:
    page = show(kind="my pictures or video")
    page.click("#look")
    told(page, "no file was given")
    noise = np.random.default_rng(0)
    cut = film(tmp_path / "cut.mp4", [noise.integers(0, 256, (96, 160, 3), np.uint8) for _ in range(9)])
    cut.write_bytes(cut.read_bytes()[:-300])
    (tmp_path / "none.jpg").write_text("no picture")
    for name in ("a.png", "b.png", "one.png"):
        Image.fromarray(scene([None, None, None] if name != "one.png" else [0, 1, 2])).save(tmp_path / name)
    for files, line in (
        (["cut.mp4"], "cannot read cut.mp4 as a video"),
        (["none.jpg"], "no picture can be read (none.jpg is left out: not a picture)"),
        (["one.png"], "one frame is too little"),
        (["a.png", "b.png"], "nobody was found in 2 frames"),
    ):
        upload(page, *(tmp_path / name for name in files))
        told(page, line)
        assert page.locator("#line .problem p").count() == 1 and "Traceback" not in page.inner_text("body")
        assert page.get_attribute("#line .problem", "role") == "alert"
    short = film(tmp_path / "short.mp4", walk(20), movflags="faststart")
    short.write_bytes(short.read_bytes()[: short.stat().st_size * 2 // 3])
    upload(page, short)
    told(page, "people in", "short.mp4: ends early")
    click(page, 0)


@pytest.mark.parametrize(("name", "line"), [("a.txt", "Invalid file type: a.txt"), ("big.png", "big.png")])
def test_a_file_of_the_wrong_type_or_size_is_not_taken(name: str, line: str, show: Opener, tmp_path: Path) -> None:
    page = show(kind="my pictures or video")
    (tmp_path / name).write_bytes(b"x" * (2_000_000 if name == "big.png" else 10))
    page.wait_for_selector("#files input[type=file]", state="attached")
    page.set_input_files("#files input[type=file]", str(tmp_path / name))
    page.wait_for_selector(f"text={line}")
    page.get_by_label("my store").check()
    page.click("#look")
    told(page, "60 people in 15 frames of 3 cameras")


def test_on_a_phone_nothing_is_cut_off(show: Opener) -> None:
    page = show(390, 844, has_touch=True, color_scheme="dark")
    page.locator(".reid-frame .person").nth(1).tap()
    page.wait_for_selector(".reid-matches ol")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".reid-matches li button").nth(2).tap()
    page.wait_for_selector(".person.marked")
    frame = page.locator(".reid-frame .picture").bounding_box()
    assert frame["x"] >= 0 and frame["x"] + frame["width"] <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(scheme: str, show: Opener) -> None:
    page = show(color_scheme=scheme)
    click(page, 1)
    put(page, "#limit", 0)
    page.wait_for_selector(".reid-matches .nobody")
    check_contrast(
        page, (".reid-title p", "#line p", "figcaption", ".reid-note", ".told", ".where", ".nobody", ".hint")
    )


def status(address: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_other_names_and_other_files_get_nothing(running: tuple[App, str], repository: Path) -> None:
    address = running[1]
    assert status(address) == 200 and status(address, Host="evil.example") == 400
    assert status(address, Origin="http://evil.example") == status(address, Origin="http://127.0.0.1:1") == 403
    assert status(address, Origin=address.rstrip("/")) == 200
    for path in (repository / "README.md", "README.md", running[0].desk.folder):
        assert status(f"{address}gradio_api/file={path}") in (403, 404)
    assert status(f"{address}docs") == 404


def test_what_was_uploaded_and_never_looked_at_goes_with_the_tab(
    show: Opener, running: tuple[App, str], tmp_path: Path
) -> None:
    page, uploads = show(kind="my pictures or video"), running[0].desk.uploads
    Image.fromarray(scene([0, 1, 2])).save(tmp_path / "left_behind.png")
    page.wait_for_selector("#files input[type=file]", state="attached")
    page.set_input_files("#files input[type=file]", [str(tmp_path / "left_behind.png")])
    page.wait_for_selector("#files .file-preview")
    _wait_for(lambda: [*uploads.rglob("left_behind.png")] and running[0].desk._arrived)
    page.close()
    _wait_for(lambda: not [*uploads.rglob("left_behind.png")])


def _wait_for(happens: Callable[[], object]) -> None:
    patience = time.monotonic() + 60
    while not happens() and time.monotonic() < patience:
        time.sleep(0.05)
    assert happens()


def test_nobody_is_told_that_the_page_is_used(running: tuple[App, str]) -> None:
    app = running[0]
    assert not app.analytics_enabled and not app.share and app.share_url is None
    assert all(function.api_visibility == "private" for function in app.fns.values() if function.name != "on_leave")


def test_on_colab_the_page_comes_through_its_own_proxy_and_no_public_link_is_made(
    quick_networks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What gradio does where it finds itself on Colab, told apart by the name of the running shell."""
    IPython = pytest.importorskip("IPython")
    shell = type("Shell", (), {"__str__": lambda self: "<google.colab._shell.Shell object>"})()
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.setenv("GRADIO_TEMP_DIR", "put back at the end")
    app = build_app()
    try:
        address = start_app(app)
        assert app.is_colab and not app.share and app.share_url is None
        assert isinstance(app.artifact, IPython.display.Javascript) and "proxyPort" in app.artifact.data
        assert status(address, Host="xyz-colab.googleusercontent.com") == 200
    finally:
        app.close(verbose=False)
