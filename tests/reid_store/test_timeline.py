"""The timeline page without a browser: contents of the file, blur, comparison of models."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.detection_filter import DetectionFilter
from reid_store.schema import Detection, Model, StoredFrame
from reid_store.sprites import (
    BLURRED_PX,
    COLUMNS,
    MAX_ROWS,
    CellSize,
    SpriteSheets,
    blur_faces,
    blur_people,
    fit_to_cell,
)
from reid_store.thumbnails import decode_jpeg
from reid_store.timeline import render_timeline, summarize_timeline, write_timeline
from reid_store.timeline_data import compare_models, has_persons, read_timeline
from reid_store.timeline_frames import add_frame_images
from tests.reid_store.fake_store import START_S, make_store

HTML_NAME = "<script>alert(1)</script>"


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def jpeg(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=95)
    return file.getvalue()


def count_colors(image: np.ndarray) -> int:
    return len(np.unique(image.reshape(-1, 3), axis=0))


@pytest.mark.parametrize(("height", "width"), [(128, 50), (40, 16), (3, 2), (1, 1), (30, 90)])
def test_blur_people_leaves_a_few_blocks(height: int, width: int) -> None:
    image = noise(height, width)
    blurred = blur_people(image)
    assert blurred.shape == image.shape and count_colors(blurred) <= BLURRED_PX * max(
        1, round(BLURRED_PX * height / width)
    )


def test_blur_faces_keeps_the_lower_part() -> None:
    image = noise(120, 48)
    blurred = blur_faces(image)
    assert count_colors(blurred[:30]) <= BLURRED_PX * 4 and np.array_equal(blurred[30:], image[30:])


@pytest.mark.parametrize(("height", "width"), [(128, 50), (20, 60), (4, 4)])
def test_thumbnail_keeps_its_aspect_ratio_in_its_cell(height: int, width: int) -> None:
    cell = fit_to_cell(np.full((height, width, 3), 255, np.uint8), CellSize(40, 80))
    bright = (cell == 255).all(axis=2)
    high, wide = bright.any(axis=1).sum(), bright.any(axis=0).sum()
    assert cell.shape == (80, 40, 3) and wide / high == pytest.approx(width / height, rel=0.05)


def test_thumbnails_are_ordered_in_sheets() -> None:
    sprites, n = SpriteSheets(CellSize(10, 20)), COLUMNS * MAX_ROWS + 21
    for k in range(n):
        sprites.add(jpeg(np.full((20, 10, 3), k % 200, np.uint8)))
    sprites.add(b"not an image")
    sprites.finish()
    assert sprites.rows == [MAX_ROWS, 2]
    sheets = [np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet)))) for sheet in sprites.sheets]
    for k in range(n):
        sheet, place = divmod(k, COLUMNS * MAX_ROWS)
        row, column = divmod(place, COLUMNS)
        assert abs(int(sheets[sheet][20 * row + 10, 10 * column + 5].mean()) - k % 200) < 12


def test_page_has_every_detection_and_no_network_request(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", cameras=2, persons=3, moments=4, names=[HTML_NAME])
    page = read_timeline(engine)
    html = render_timeline(page, by_person=True)
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', html, re.S)
    assert found is not None
    values = json.loads(found[1])
    assert len(values["detections"]["id"]) == page.detections == 24 and values["by_person"] is True
    assert values["persons"][0]["name"] == HTML_NAME and HTML_NAME not in html
    assert not re.search(r"(?:src|href|action)\s*=\s*[\"'](?!#|data:)", html) and "@import" not in html
    script = re.search(r"<script>(.*?)</script>", html, re.S)
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', html)
    assert script is not None and policy is not None
    message = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert "default-src 'none'" in policy[1] and f"'sha256-{message}'" in policy[1].replace("&#39;", "'")
    assert "/nowhere" not in html  # folders of the footage are not disclosed


def test_thumbnails_belong_to_their_detections(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", cameras=2, persons=3, moments=2)
    with Session(engine) as session, session.begin():
        for row in session.scalars(select(Detection)):
            row.thumbnail = jpeg(np.full((40, 20, 3), 5 * row.id, np.uint8))
    page = read_timeline(engine)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(page.sheets[0]))))
    for place, number in enumerate(page.values["detections"]["id"]):
        assert abs(int(sheet[64, 64 * place + 32].mean()) - 5 * number) < 12
    persons = page.values["detections"]["person"]
    assert persons == sorted(persons)


def test_filter_by_cameras_and_times(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", cameras=2, persons=2, moments=4)
    page = read_timeline(engine, DetectionFilter(("Camera 2",), START_S + 3, START_S + 4))
    assert page.detections == 4 and page.values["start"] == START_S + 3
    with pytest.raises(UserError, match=r"no camera 'Camera 3'; it has: Camera 1, Camera 2"):
        read_timeline(engine, DetectionFilter(("Camera 3",)))


def test_too_many_detections_raise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid_store.timeline_data.MAX_DETECTIONS", 10)
    with pytest.raises(UserError, match="--camera, --after, --before"):
        read_timeline(make_store(tmp_path / "a.db"))


def test_empty_store_gives_an_empty_page(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", persons=0, moments=0)
    page = read_timeline(engine)
    write_timeline(tmp_path / "a.html", page)
    assert (
        summarize_timeline(page.values) == "There are no detections."
        and "There are no detections." in (tmp_path / "a.html").read_text()
    )
    assert not has_persons(engine)


def test_names_of_what_is_not_shown_stay_out_of_the_page(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", 2, 3, 5, names=["Ada", "Bo"], sources=[tmp_path / "bedroom.mp4"])
    with Session(engine) as session, session.begin():
        session.execute(update(Detection).where(Detection.frame_id > 5, Detection.person_id == 1).values(person_id=2))
    write_timeline(tmp_path / "a.html", read_timeline(engine, DetectionFilter(("Camera 2",))))
    page = (tmp_path / "a.html").read_text()
    assert "Bo" in page and "Camera 2" in page
    assert not any(word in page for word in ("Ada", "Camera 1", "bedroom"))


@pytest.mark.parametrize("assigned", [True, False])
def test_two_models_search_for_the_same_queries(assigned: bool, tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", 2, 4, 12, assigned=assigned, models=("good", "noise"))
    page = read_timeline(engine)
    with Session(engine, expire_on_commit=False) as session:
        models = list(session.scalars(select(Model).where(Model.kind == "embedder").order_by(Model.id)))
    values = compare_models(engine, page, models, ["good", "noise"])
    column = page.values["detections"]
    number = lambda place: (column["id"][place] - 1) % 4  # noqa: E731 persons are in the same order in each frame
    assert values["other_cameras"] and len(values["queries"]) == (4 if assigned else 24)
    right = [0, 0]
    for query in values["queries"]:
        for model, results in enumerate(query["results"]):
            assert len(results) == 5 and [distance for _, distance in results] == sorted(
                distance for _, distance in results
            )
            for place, _ in results:
                assert column["recording"][place] != column["recording"][query["query"]]
                right[model] += number(place) == number(query["query"])
    assert right[0] == 5 * len(values["queries"]) > 2 * right[1]


def test_comparison_without_common_embeddings_raises(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db")
    page = read_timeline(engine)
    new = Model(id=99, kind="embedder", name="new", weights="new", weights_sha256="x", preprocessing="", dimension=16)
    with Session(engine, expire_on_commit=False) as session:
        old = session.scalars(select(Model).where(Model.kind == "embedder")).one()
    with pytest.raises(UserError, match="both old and new"):
        compare_models(engine, page, [old, new], ["old", "new"])


def write_footage(folder: Path, frames: int) -> Path:
    """Write frames with increasing brightness."""
    folder.mkdir()
    for index in range(frames):
        Image.new("RGB", (640, 360), (40 * index, 0, 0)).save(folder / f"{index:03d}.png")
    return folder


def test_frame_images_are_read_from_the_footage(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", 2, 3, 5, sources=[write_footage(tmp_path / "door", 5)])
    page, notes = add_frame_images(engine, read_timeline(engine))
    assert sorted(page.frames) == [f"0:{index}" for index in range(5)]
    for index in range(5):
        image = decode_jpeg(base64.b64decode(page.frames[f"0:{index}"]))
        assert image.shape == (180, 320, 3) and abs(int(image[90, 160, 0]) - 40 * index) < 4
    assert len(notes) == 1 and "frames of a recording are not shown: /nowhere/camera_2.mp4 does not exist" in notes[0]
    assert 'id="frame-0:4"' in render_timeline(page)
    door, _ = add_frame_images(engine, read_timeline(engine, DetectionFilter(("Camera 1",), to_s=START_S + 1)))
    assert sorted(door.frames) == ["0:0", "0:1"]


def test_frame_images_are_found_by_name_where_others_are_missing(tmp_path: Path) -> None:
    folder = write_footage(tmp_path / "door", 5)
    engine = make_store(tmp_path / "a.db", 1, 3, 5, sources=[folder])
    with Session(engine) as session, session.begin():
        for frame in session.scalars(select(StoredFrame)):
            frame.name = f"{frame.index:03d}.png"
    (folder / "001.png").unlink()
    page, notes = add_frame_images(engine, read_timeline(engine))
    assert {
        name: round(int(decode_jpeg(base64.b64decode(image))[90, 160, 0]) / 40) for name, image in page.frames.items()
    } == {"0:0": 0, "0:2": 2, "0:3": 3, "0:4": 4}
    assert len(notes) == 1 and "has changed since it was stored: 1 images are missing" in notes[0]


def test_too_many_frames_raise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_store(tmp_path / "a.db", 2, 3, 5)
    monkeypatch.setattr("reid_store.timeline_frames.MAX_FRAMES", 9)
    with pytest.raises(UserError, match=r"10 frames are too many for a page \(at most 9\); select some with --camera"):
        add_frame_images(engine, read_timeline(engine))
