"""The timeline page in a browser: filter, hover, keyboard, escaping, phone, print, 10,000 detections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from reid_store.schema import Model
from reid_store.timeline import write_timeline
from reid_store.timeline_data import compare_models, read_timeline
from reid_store.timeline_frames import add_frame_images
from tests.conftest import check_contrast
from tests.reid_store.fake_store import make_store

HTML_NAME = "<script>alert(1)</script>"
Opener = Callable[..., Any]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pages by camera, by person, of a comparison, and of 10,000 detections."""
    folder = tmp_path_factory.mktemp("timeline")
    engine = make_store(folder / "a.db", 2, 4, 20, names=[HTML_NAME, "Ada", None, "Grace"], models=("good", "noise"))
    page = read_timeline(engine)
    write_timeline(folder / "cameras.html", page)
    write_timeline(folder / "persons.html", page, by_person=True)
    with Session(engine, expire_on_commit=False) as session:
        models = list(session.scalars(select(Model).where(Model.kind == "embedder").order_by(Model.id)))
    page.values["compare"] = compare_models(engine, page, models, ["good", HTML_NAME])
    write_timeline(folder / "compare.html", page)
    write_timeline(folder / "unassigned.html", read_timeline(make_store(folder / "b.db", 2, 3, 4, assigned=False)))
    write_timeline(folder / "empty.html", read_timeline(make_store(folder / "c.db", 1, 0, 0)))
    footage = folder / "door"
    footage.mkdir()
    for index in range(3):
        Image.new("RGB", (640, 360), (70, 90, 80)).save(footage / f"{index}.png")
    engine = make_store(folder / "e.db", 2, 3, 3, sources=[footage])
    write_timeline(folder / "framed.html", add_frame_images(engine, read_timeline(engine))[0])
    write_timeline(folder / "many.html", read_timeline(make_store(folder / "d.db", 4, 50, 50)), by_person=True)
    return folder


@pytest.fixture
def show(browser: Any, pages: Path) -> Iterator[Opener]:
    """Open a page; the fixture fails on script errors, dialogs and network requests."""
    contexts, wrong = [], []

    def open_page(name: str, width: int = 1280, height: int = 900, **more: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        page = context.new_page()
        address = (pages / f"{name}.html").as_uri()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("dialog", lambda dialog: (wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda query_id: None if query_id.url.startswith(("data:", address)) else wrong.append(query_id.url),
        )
        page.goto(address)
        page.wait_for_load_state("load")
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def settle(page: Any) -> None:
    """Wait until scheduled changes are drawn."""
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"
    )


def lanes(page: Any) -> list[str]:
    """Return the labels of the visible rows."""
    return page.eval_on_selector_all(".lane:not([hidden])", "rows => rows.map(row => row.getAttribute('aria-label'))")


def status(page: Any) -> str:
    settle(page)
    return page.inner_text("#status")


def focused(page: Any) -> str:
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_rows_by_camera_and_by_person(show: Opener) -> None:
    page = show("cameras")
    assert page.locator(".group").count() == 2 and len(lanes(page)) == 8
    assert status(page) == "160 of 160 detections · 4 of 4 persons"
    page.check("input[value=person]")
    assert page.locator(".group").count() == 4 and len(lanes(page)) == 8
    assert show("persons").locator(".group").count() == 4


def test_frame_image_is_shown_behind_the_boxes(show: Opener) -> None:
    page = show("framed")
    for camera, images in (("Camera 1", 1), ("Camera 2", 0)):
        page.locator(f".lane[aria-label*='{camera}'] .thumb").first.click()
        assert page.locator("#panel svg image").count() == images
        assert page.locator("#panel svg .box").count() == 1 and page.locator("#panel svg .other").count() == 2
        if images:
            drawn = page.locator("#panel svg image").evaluate(
                "image => image.decode().then(() => image.getBBox().width)"
            )
            assert drawn == 640


def test_html_in_a_name_is_shown_as_text(show: Opener) -> None:
    page = show("cameras")
    assert HTML_NAME in page.locator(".lane b").first.inner_text()
    page.locator(".thumb").first.click()
    assert HTML_NAME in page.inner_text("#panel")
    assert HTML_NAME in show("compare").inner_text("#compare")


def test_filter_by_person(show: Opener) -> None:
    page = show("cameras")
    page.fill("#person", "ada")
    assert status(page).startswith("40 of 160") and all(name.startswith("Ada") for name in lanes(page))
    page.fill("#person", "<SCRIPT>")
    assert status(page).startswith("40 of 160")
    page.fill("#person", "no such name")
    assert status(page).startswith("0 of 160") and page.locator("#no-match").is_visible()
    page.click("#reset")
    assert status(page).startswith("160 of 160") and page.locator("#no-match").is_hidden()


def bars(page: Any) -> list[bool]:
    """Return for each camera whether the overview draws detections."""
    return page.eval_on_selector_all("#overview path", "all => all.map(path => path.getAttribute('d') !== '')")


def test_filter_by_camera(show: Opener) -> None:
    page = show("persons")
    assert bars(page) == [True, True]
    page.locator("#cameras label", has_text="Camera 2").locator("input").uncheck()
    assert status(page).startswith("80 of 160") and all("Camera 1" in name for name in lanes(page))
    assert bars(page) == [True, False]
    page.fill("#person", "no such name")
    assert status(page).startswith("0 of 160") and bars(page) == [False, False]
    page.click("#reset")
    assert status(page).startswith("160 of 160") and bars(page) == [True, True]


def test_filter_by_time(show: Opener) -> None:
    page = show("cameras")
    assert page.input_value("#from") == "2026-01-01 12:00:00" and page.input_value("#to") == "2026-01-01 12:00:29"
    page.fill("#to", "12:00:04")
    page.press("#to", "Enter")
    assert status(page).startswith("20 of 160")  # five moments of camera 1
    page.fill("#from", "yesterday")
    page.press("#from", "Enter")
    assert (
        "2026-01-31 12:00" in page.inner_text("#time-error") and page.get_attribute("#from", "aria-invalid") == "true"
    )
    page.fill("#from", "2026-01-01 13:00")
    page.press("#from", "Enter")
    assert "end must be after" in page.inner_text("#time-error")
    page.keyboard.press("Escape")
    page.click("[data-zoom=all]")
    assert status(page).startswith("160 of 160") and page.locator("#time-error").is_hidden()


@pytest.mark.parametrize("place", ["#overview", "#axis"])
def test_dragging_selects_a_time_range(place: str, show: Opener) -> None:
    page = show("cameras")
    box = page.locator(place).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.02, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.16, box["y"] + 5, steps=4)
    page.mouse.up()
    assert status(page).startswith("16 of 160")  # moments 1 to 4 of 29 seconds
    assert page.input_value("#from").startswith("2026-01-01 12:00:00.5")


def test_hover_shows_a_card_and_click_pins_it(show: Opener) -> None:
    page = show("cameras")
    page.locator(".thumb").nth(2).hover()
    card = page.locator("#card")
    message = card.inner_text()
    assert all(
        word in message
        for word in ("Camera 1", "2026-01-01 12:00:0", "UTC", "camera_1.mp4", "20, 40 – 48, 110 px", "0.90")
    )
    assert page.evaluate("getComputedStyle(document.querySelector('#card .preview')).backgroundImage").startswith(
        'url("data:image/jpeg'
    )
    page.mouse.move(5, 5)
    assert card.is_hidden()
    page.locator(".thumb").nth(2).click()
    assert page.locator("#panel svg rect.box").count() == 1 and page.locator("#panel svg rect.other").count() == 3
    rect = page.locator("#panel svg rect.box")
    assert [rect.get_attribute(name) for name in ("x", "y", "width", "height")] == ["20", "40", "28", "70"]
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()


def test_bar_reaches_detections_without_thumbnail(show: Opener) -> None:
    page = show("many")
    box = page.locator(".bar").first.bounding_box()
    numbers = set()
    for share in (0.01, 0.02, 0.03, 0.04):
        page.mouse.move(box["x"] + box["width"] * share * 0.9, box["y"] + 4)
        numbers.add(page.locator("#card dd").last.inner_text())
    assert len(numbers) >= 3
    page.mouse.click(box["x"] + box["width"] * 0.02, box["y"] + 4)
    assert page.locator("#panel").is_visible()


def test_keyboard_navigation(show: Opener) -> None:
    page = show("cameras")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "person" and page.input_value("#person") == ""
    page.keyboard.press("Escape")
    page.locator("[data-zoom=all]").focus()
    page.keyboard.press("Tab")
    assert "frame 0," in focused(page) and HTML_NAME in focused(page)
    page.keyboard.press("ArrowRight")
    assert "frame 1," in focused(page) and "1 of camera_1.mp4" in page.inner_text("#card")
    page.keyboard.press("End")
    assert "frame 19," in focused(page)
    page.keyboard.press("ArrowRight")
    assert "frame 19," in focused(page)
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("Ada, camera Camera 1") and "frame 19," in focused(page)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert page.locator("#panel").is_visible() and focused(page).startswith("Ada")
    page.keyboard.press("ArrowRight")
    assert "1 of camera_1.mp4" in page.inner_text("#panel")  # the panel follows
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden() and "frame 1," in focused(page)
    page.keyboard.press("+")
    assert not status(page).startswith("160 of")
    page.keyboard.press("0")
    assert status(page).startswith("160 of")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_arrow_keys_reach_detections_without_thumbnail(show: Opener) -> None:
    page = show("many")
    assert page.locator(".lane small").first.inner_text() == "10 of 50 detections shown"
    page.locator(".thumb").first.focus()
    for frame in range(1, 8):
        page.keyboard.press("ArrowRight")
        assert f"frame {frame}," in focused(page)
    assert page.locator(".thumb.extra").count() <= 1


def test_ten_thousand_detections_load_few_sheets_and_elements(show: Opener) -> None:
    page = show("many")
    assert status(page).startswith("10,000 of 10,000")
    assert page.locator(".thumb").count() < 400
    waiting = page.locator("script[id^=sheet-]").count()
    assert 30 < waiting < 39  # of 39 sheets; only those in view were loaded
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_timeout(150)
    settle(page)
    assert 0 < page.locator(".thumb").count() < 400 and page.locator("script[id^=sheet-]").count() < waiting
    page.fill("#person", "person 42")
    assert status(page).startswith("200 of 10,000")


def test_two_models_side_by_side(show: Opener) -> None:
    page = show("compare")
    assert page.locator(".pair").count() == 4 and page.locator(".pair ol").count() == 8
    assert page.locator(".result.differs").count() > 0
    assert re.search(r"for 4 of the \d+ detections that both models embedded\. ", page.inner_text("#compare"))
    page.locator(".result").nth(1).click()
    assert page.locator("#panel").is_visible()
    assert re.search(r"search --detection \d+ --set store\.url=…$", page.inner_text("#panel").strip())


def test_without_persons_each_camera_has_one_row(show: Opener) -> None:
    page = show("unassigned")
    assert len(lanes(page)) == 2 and "not assigned to persons yet" in page.inner_text("header")
    assert page.locator("#grouping").is_hidden() and page.locator(".thumb").count() == 24


def test_empty_store(show: Opener) -> None:
    page = show("empty")
    assert "There are no detections" in page.inner_text("header") and page.locator(".lane").count() == 0
    assert page.locator("#ruler").is_hidden() and page.locator("#filters").is_hidden(), "there is no time range"


@pytest.mark.parametrize("name", ["cameras", "compare", "unassigned"])
def test_layout_fits_a_phone(name: str, show: Opener) -> None:
    page = show(name, 390, 844, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#person").is_hidden()  # collapsed
    page.locator("summary").tap()
    assert page.locator("#person").is_visible()
    page.locator("#rows").evaluate("rows => rows.scrollIntoView()")
    thumb = page.locator("#rows .thumb").first
    thumb.scroll_into_view_if_needed()
    thumb.tap()
    panel = page.locator("#panel").bounding_box()
    assert panel["x"] >= 0 and panel["width"] == 390 and page.locator("#panel .box").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrast(scheme: str, show: Opener) -> None:
    page = show("unassigned", color_scheme=scheme)
    check_contrast(page, ("h1", "#status", "header .note", ".lane small", "#axis span", "footer p"))


def test_print_shows_all_rows_without_controls(show: Opener) -> None:
    page = show("many")
    page.evaluate("""() => { window.printed = 0; addEventListener('beforeprint', () => {
        printed = [...document.querySelectorAll('.lane')].filter(row => row.querySelector('.thumb')).length; }); }""")
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    settle(page)
    assert page.evaluate("printed") == 200
    page.emulate_media(media="print")
    assert page.locator("#filters").is_hidden() and page.locator(".zoom").is_hidden()
