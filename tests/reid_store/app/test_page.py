"""The app in a browser: search, threshold, uploads, downloads, phone, no network requests."""

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
from tests.reid_store.app.conftest import scene, walk, write_video
from tests.reid_store.fake_store import make_store

HTML_NAME = "<img src=x onerror=alert(1)> ${document.title='hacked'} {{1+1}}"
HARMLESS = ("Method not implemented.", "Response")  # console messages of gradio
Opener = Callable[..., Any]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a store of 3 cameras, 4 persons and 5 moments; one camera's name is HTML."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'people.db'}"
    engine = make_store(url, cameras=3, persons=4, moments=5, models=("good", "noise"))
    with Session(engine) as session, session.begin():
        session.scalars(select(Camera).where(Camera.name == "Camera 2")).one().name = HTML_NAME
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def running(quick_networks: None, store: str, other_weights: str) -> Iterator[tuple[App, str]]:
    """The running app; files of more than 1 MB are too large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_file, "MAX_FILE_MB", 1)
        patch.setattr(start_file, "MAX_FILE_MB", 1)
        patch.setenv("GRADIO_TEMP_DIR", "put back at the end")
        app = build_app(StoreSettings.model_validate({"store": {"url": store}}), [other_weights], with_store=True)
        yield app, start_app(app)
        app.close(verbose=False)
    assert not app.app_state.folder.exists()


@pytest.fixture
def show(browser: Any, running: tuple[App, str]) -> Iterator[Opener]:
    """Open the page; the fixture fails on script errors, dialogs and requests to other machines."""
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
            lambda query_id: (
                None if query_id.url.startswith((address, "data:", "blob:")) else wrong.append(query_id.url)
            ),
        )
        page.goto(address)
        page.get_by_label(kind).check()
        if kind == "my store":
            page.click("#open")
            page.wait_for_selector(".reid-frame .person")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def upload(page: Any, *files: Path) -> None:
    """Choose files and press Open."""
    page.wait_for_selector("#files input[type=file]", state="attached")
    page.set_input_files("#files input[type=file]", [str(file) for file in files])
    page.wait_for_selector("#files .file-preview")
    page.click("#open")


def wait_for_status(page: Any, *words: str) -> None:
    """Wait until the status line contains all words."""
    page.wait_for_function(
        "words => words.every(word => document.querySelector('#status').innerText.includes(word))", arg=list(words)
    )


def answers(page: Any) -> list[int]:
    """Return the detections of the matches, in order."""
    return page.eval_on_selector_all(".reid-matches li button", "all => all.map(one => Number(one.dataset.detection))")


def within(page: Any, count: str) -> None:
    page.wait_for_function(
        "count => document.querySelector('.reid-matches .count')?.innerText.startsWith(count)", arg=count
    )


def put(page: Any, slider: str, value: float | str) -> None:
    """Type a value into the field of a slider."""
    page.fill(f"{slider} input[type=number]", str(value))
    page.press(f"{slider} input[type=number]", "Enter")


def nearest(store: str, query_id: int, model: int) -> list[int]:
    """Return the detections of other frames, nearest first; the store has 4 per frame, in order of frames."""
    engine = open_store(store)
    with Session(engine) as session:
        rows = session.execute(
            select(Embedding.detection_id, Embedding.reid_embedding).where(Embedding.model_id == model)
        ).all()
    engine.dispose()
    vectors = dict(rows)
    away = {n: float(np.linalg.norm(vector - vectors[query_id])) for n, vector in vectors.items()}
    return sorted((n for n in away if (n - 1) // 4 != (query_id - 1) // 4), key=lambda n: (away[n], n))


def click(page: Any, number: int) -> int:
    """Click a person of the frame and return its detection id."""
    person = page.locator(".reid-frame .person").nth(number)
    detection = int(person.get_attribute("data-detection"))
    person.click()
    page.wait_for_selector(".reid-frame .person.query")
    page.wait_for_selector(".reid-matches ol")
    return detection


def test_click_ranks_the_other_frames(show: Opener, store: str) -> None:
    page = show()
    query_id = click(page, 1)
    assert page.locator(".person.query").get_attribute("data-detection") == str(query_id)
    expected = nearest(store, query_id, model=2)
    assert answers(page) == expected[:48] and len(expected) == 56
    ranks = page.eval_on_selector_all(".reid-matches li b", "all => all.map(one => Number(one.innerText))")
    assert ranks == list(range(1, 49))
    assert "the first 48" in page.inner_text(".reid-matches header")


def test_other_network_metric_and_scope(show: Opener, store: str) -> None:
    page = show()
    query_id = click(page, 0)
    page.click("#model input")
    page.get_by_role("option", name="noise").click()
    page.wait_for_function(
        "first => document.querySelector('.reid-matches li button').dataset.detection === first",
        arg=str(nearest(store, query_id, model=3)[0]),
    )
    assert answers(page) == nearest(store, query_id, model=3)[:48]
    first = float(page.locator(".reid-matches .distance").first.inner_text().split()[1])
    put(page, "#threshold", first + 0.001)
    within(page, "1 of 56")
    page.get_by_label("cosine").check()
    page.wait_for_function(
        "old => !document.querySelector('.reid-matches .distance').innerText.includes(old)", arg=f"{first:.3f}"
    )
    other = float(page.locator(".reid-matches .distance").first.inner_text().split()[1])
    assert other == pytest.approx(first**2 / 2, abs=0.002)
    assert answers(page) == nearest(store, query_id, model=3)[:48], "both metrics rank alike"
    within(page, "1 of 56")
    page.get_by_label("other cameras only").check()
    within(page, page.inner_text(".reid-matches .count").split()[0])
    page.wait_for_function("() => document.querySelector('.reid-matches .count').innerText.includes('of 40')")


def test_without_a_threshold_people_are_ranked_and_not_marked(show: Opener) -> None:
    page = show()
    assert "nothing is decided" in page.inner_text("#threshold_note")
    click(page, 1)
    within(page, "56 ranked")
    assert page.locator("li .ranked").count() == 48 and page.locator(".within, .far").count() == 0
    assert "o match" not in page.inner_text(".reid-matches")


def test_threshold_slider(show: Opener) -> None:
    page = show()
    click(page, 1)
    put(page, "#threshold", 0.005)
    within(page, "0 of 56")
    assert "No match" in page.inner_text(".reid-matches") and page.locator("li .within").count() == 0
    maximum = lambda: page.get_attribute("#threshold input[type=range]", "max")  # noqa: E731
    assert maximum() == "2", "the largest distance of unit vectors"
    put(page, "#threshold", 2)
    within(page, "56 of 56")
    assert page.locator("li .far").count() == 0 and "No match" not in page.inner_text(".reid-matches")
    third = page.locator(".reid-matches .distance").nth(2).inner_text().split()[1]
    put(page, "#threshold", float(third) + 0.001)
    within(page, "3 of 56")
    assert maximum() == "2", "the range stays"
    page.locator(".reid-matches li button").nth(1).click()
    page.wait_for_selector(".person.within.highlighted")
    page.locator("#threshold input[type=range]").focus()
    page.keyboard.press("Home")
    within(page, "56 ranked")
    assert page.locator(".person.within").count() == 0


def test_numbers_out_of_range_are_clipped_and_empty_fields_change_nothing(show: Opener) -> None:
    page = show()
    click(page, 1)
    reads = lambda slider, value: page.wait_for_function(  # noqa: E731
        "([slider, value]) => document.querySelector(`${slider} input[type=number]`).value === value",
        arg=[slider, value],
    )
    put(page, "#threshold", 99)
    within(page, "56 of 56")
    reads("#threshold", "2")
    put(page, "#threshold", -3)
    within(page, "56 ranked")
    reads("#threshold", "0")
    put(page, "#position", 500)
    reads("#position", "5")
    put(page, "#position", -1)
    reads("#position", "1")
    frame = page.inner_text(".reid-frame figcaption")
    for box in ("#threshold", "#position"):
        put(page, box, "")
    put(page, "#threshold", 2)
    within(page, "56 of 56")
    assert page.inner_text(".reid-frame figcaption") == frame and page.locator(".toast-body").count() == 0


def test_click_on_a_match_shows_its_frame(show: Opener) -> None:
    page = show()
    before = page.inner_text(".reid-frame figcaption")
    click(page, 2)
    match = page.locator(".reid-matches li button").nth(3)
    detection, where = match.get_attribute("data-detection"), match.locator(".location").inner_text()
    match.click()
    page.wait_for_selector(f'.person.highlighted[data-detection="{detection}"]')
    caption = page.inner_text(".reid-frame figcaption")
    assert caption != before and where.splitlines()[-1] in caption
    assert "thumbnails of its people are shown" in caption
    page.locator("#camera").get_by_label("Camera 3").check()
    page.wait_for_function("() => document.querySelector('.reid-frame figcaption').innerText.startsWith('Camera 3')")
    put(page, "#position", 5)
    page.wait_for_function("() => document.querySelector('.reid-frame figcaption').innerText.includes('frame 5 of 5')")


def test_keyboard_reaches_people_and_matches(show: Opener) -> None:
    page = show()
    person = page.locator(".reid-frame .person").nth(1)
    person.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".person.query")
    page.wait_for_function("() => document.activeElement.classList.contains('query')")
    assert "the query" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.locator(".reid-matches li button").first.focus()
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.match(r"rank 1, distance 0\.\d{3}", label)
    page.keyboard.press("Enter")
    page.wait_for_selector(".person.highlighted")


def test_html_in_a_name_is_shown_as_text(show: Opener) -> None:
    page = show()
    page.locator("#camera").get_by_label("<img src=x").check()
    page.wait_for_function("() => document.querySelector('.reid-frame figcaption').innerText.includes('<img')")
    click(page, 0)
    page.wait_for_function("() => document.querySelector('.reid-matches').innerText.includes('${document.title')")
    assert page.title() == "Find a person in all cameras"


def test_downloads(show: Opener, tmp_path: Path) -> None:
    page = show()
    page.click("#csv")
    wait_for_status(page, "click a person in the frame first")
    click(page, 1)
    for _ in range(2):  # the same file can be downloaded twice
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


def test_upload_is_processed_and_deleted_with_the_page(show: Opener, running: tuple[App, str], tmp_path: Path) -> None:
    page, app = show(kind="my images or video"), running[0]
    upload(page, write_video(tmp_path / "gate.mp4", walk(6)), write_video(tmp_path / "door.mp4", walk(4)))
    wait_for_status(page, "30 detections in 10 frames of 2 cameras")
    click(page, 0)
    within(page, page.inner_text(".reid-matches .count").split()[0])
    page.click("#model input")
    page.get_by_role("option", name="other.pth").click()
    page.wait_for_function("() => document.querySelector('#threshold_note').innerText.includes('nothing is decided')")
    there = [folder for folder in app.app_state.folder.iterdir() if (folder / "people.db").is_file()]
    assert len(there) == 1 and not list(app.app_state.uploads.rglob("*.mp4"))
    other = show()
    other.wait_for_function("() => document.querySelector('#status').innerText.includes('60 detections')")
    wait_for_status(page, "30 detections")
    page.close()
    for _ in range(100):
        if not there[0].exists():
            break
        other.wait_for_timeout(100)
    assert not there[0].exists()


def test_unusable_uploads_show_one_line_and_the_page_stays_usable(show: Opener, tmp_path: Path) -> None:
    page = show(kind="my images or video")
    page.click("#open")
    wait_for_status(page, "no file was chosen")
    noise = np.random.default_rng(0)
    cut = write_video(tmp_path / "cut.mp4", [noise.integers(0, 256, (96, 160, 3), np.uint8) for _ in range(9)])
    cut.write_bytes(cut.read_bytes()[:-300])
    (tmp_path / "none.jpg").write_text("not an image")
    for name in ("a.png", "b.png", "one.png"):
        Image.fromarray(scene([None, None, None] if name != "one.png" else [0, 1, 2])).save(tmp_path / name)
    for files, line in (
        (["cut.mp4"], "cannot read cut.mp4 as a video"),
        (["none.jpg"], "no image can be read (none.jpg is skipped: not an image)"),
        (["one.png"], "one frame is not enough"),
        (["a.png", "b.png"], "no person was detected in 2 frames"),
    ):
        upload(page, *(tmp_path / name for name in files))
        wait_for_status(page, line)
        assert page.locator("#status .error p").count() == 1 and "Traceback" not in page.inner_text("body")
        assert page.get_attribute("#status .error", "role") == "alert"
    short = write_video(tmp_path / "short.mp4", walk(20), movflags="faststart")
    short.write_bytes(short.read_bytes()[: short.stat().st_size * 2 // 3])
    upload(page, short)
    wait_for_status(page, "detections in", "short.mp4: ends early")
    click(page, 0)


@pytest.mark.parametrize(("name", "line"), [("a.txt", "Invalid file type: a.txt"), ("big.png", "big.png")])
def test_upload_of_wrong_type_or_size_is_rejected(name: str, line: str, show: Opener, tmp_path: Path) -> None:
    page = show(kind="my images or video")
    (tmp_path / name).write_bytes(b"x" * (2_000_000 if name == "big.png" else 10))
    page.wait_for_selector("#files input[type=file]", state="attached")
    page.set_input_files("#files input[type=file]", str(tmp_path / name))
    page.wait_for_selector(f"text={line}")
    page.get_by_label("my store").check()
    page.click("#open")
    wait_for_status(page, "60 detections in 15 frames of 3 cameras")


def test_layout_fits_a_phone(show: Opener) -> None:
    page = show(390, 844, has_touch=True, color_scheme="dark")
    page.locator(".reid-frame .person").nth(1).tap()
    page.wait_for_selector(".reid-matches ol")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".reid-matches li button").nth(2).tap()
    page.wait_for_selector(".person.highlighted")
    frame = page.locator(".reid-frame .frame-image").bounding_box()
    assert frame["x"] >= 0 and frame["x"] + frame["width"] <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrast(scheme: str, show: Opener) -> None:
    page = show(color_scheme=scheme)
    click(page, 1)
    put(page, "#threshold", 0.005)
    page.wait_for_selector(".reid-matches .no-match")
    check_contrast(
        page, (".reid-title p", "#status p", "figcaption", ".reid-note", ".distance", ".location", ".no-match", ".hint")
    )


def status(address: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_other_hosts_origins_and_files_are_rejected(running: tuple[App, str], repository: Path) -> None:
    address = running[1]
    assert status(address) == 200 and status(address, Host="evil.example") == 400
    assert status(address, Origin="http://evil.example") == status(address, Origin="http://127.0.0.1:1") == 403
    assert status(address, Origin=address.rstrip("/")) == 200
    for path in (repository / "README.md", "README.md", running[0].app_state.folder):
        assert status(f"{address}gradio_api/file={path}") in (403, 404)
    assert status(f"{address}docs") == 404


def test_unprocessed_upload_is_deleted_with_the_session(show: Opener, running: tuple[App, str], tmp_path: Path) -> None:
    page, uploads = show(kind="my images or video"), running[0].app_state.uploads
    Image.fromarray(scene([0, 1, 2])).save(tmp_path / "left_behind.png")
    page.wait_for_selector("#files input[type=file]", state="attached")
    page.set_input_files("#files input[type=file]", [str(tmp_path / "left_behind.png")])
    page.wait_for_selector("#files .file-preview")
    _wait_for(lambda: [*uploads.rglob("left_behind.png")] and running[0].app_state._uploads)
    page.close()
    _wait_for(lambda: not [*uploads.rglob("left_behind.png")])


def _wait_for(happens: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert happens()


def test_no_usage_statistics_and_no_public_api(running: tuple[App, str]) -> None:
    app = running[0]
    assert not app.analytics_enabled and not app.share and app.share_url is None
    assert all(function.api_visibility == "private" for function in app.fns.values() if function.name != "on_leave")


def test_colab_uses_its_proxy_without_a_public_link(quick_networks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """gradio detects Colab by the name of the running shell."""
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
