"""From a click to a ranking, from a ranking to matches, a table and a strip."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.app.ranking import COLUMNS, Answer, as_csv, as_strip, ask, first_limit
from reid_store.app.footage import Footage, stored
from reid_store.schema import Detection, Embedding, Model
from reid_store.search import SearchHit
from learning_reid.tracking.tracklets import impostor_quantile
from tests.reid_store.making import make_store


@pytest.fixture
def footage(tmp_path: Path) -> Iterator[Footage]:
    make_store(tmp_path / "a.db", cameras=3, persons=4, moments=5, models=("good", "noise")).dispose()
    footage = stored(f"sqlite:///{tmp_path / 'a.db'}")
    yield footage
    footage.close()


def slow_ranking(footage: Footage, model: Model, asked: int) -> list[tuple[float, int]]:
    """Every other detection that is not in the same frame, one by one."""
    with Session(footage.engine) as session:
        vectors = dict(
            session.execute(
                select(Embedding.detection_id, Embedding.reid_embedding).where(Embedding.model_id == model.id)
            ).all()
        )
        frames = dict(session.execute(select(Detection.id, Detection.frame_id)).all())
    return sorted(
        (float(np.linalg.norm(vectors[asked] - vector)), number)
        for number, vector in vectors.items()
        if frames[number] != frames[asked]
    )


@pytest.mark.parametrize("name", ["good", "noise"])
def test_the_answer_is_everybody_of_the_other_frames_nearest_first(name: str, footage: Footage) -> None:
    model = footage.models[name]
    answer = ask(footage, model, 7)
    expected = slow_ranking(footage, model, 7)
    assert answer.compared == len(expected) == 3 * 4 * 5 - 4
    assert [hit.detection for hit in answer.found] == [number for _, number in expected]
    np.testing.assert_allclose([hit.distance for hit in answer.found], [away for away, _ in expected], atol=1e-5)


def test_the_threshold_at_both_ends(footage: Footage) -> None:
    answer = ask(footage, footage.models["good"], 7)
    assert answer.matches(0.0) == 0
    assert answer.matches(answer.found[-1].distance) == answer.compared
    assert answer.matches(answer.found[4].distance) == 5


def test_other_cameras_only(footage: Footage) -> None:
    answer = ask(footage, footage.models["good"], 7, ["Camera 2", "Camera 3"])
    assert answer.compared == 40 and {hit.camera for hit in answer.found} == {"Camera 2", "Camera 3"}


def test_of_a_large_store_the_nearest_are_kept_and_all_are_counted(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ask(footage, footage.models["good"], 7)
    monkeypatch.setattr("reid_store.app.ranking.MOST", 9)
    answer = ask(footage, footage.models["good"], 7)
    assert answer.compared == 56
    assert [hit.detection for hit in answer.found] == [hit.detection for hit in everything.found[:9]]


def test_the_threshold_starts_where_strangers_are_farther(footage: Footage) -> None:
    limit, told = first_limit(footage, footage.models["good"])
    with Session(footage.engine) as session:
        rows = session.execute(
            select(Detection.frame_id, Detection.x1, Detection.y1, Detection.x2, Detection.y2, Embedding.reid_embedding)
            .join(Embedding, Embedding.detection_id == Detection.id)
            .where(Embedding.model_id == footage.models["good"].id)
        ).all()
    frame, *corners, vectors = zip(*rows, strict=True)
    strangers = impostor_quantile(np.array(frame), np.array(corners).T, np.stack(vectors))
    assert strangers is not None and limit == pytest.approx(0.7 * strangers)
    assert f"{strangers:.2f}" in told and "Nothing was calibrated" in told


def test_the_embedded_network_brings_its_threshold(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", 1, 2, 2)
    from learning_reid.embedding.operating_point import load_operating_point
    from learning_reid.models.weights_file import resolve_weights
    from learning_reid.zoo.checksums import sha256_of

    sha256 = sha256_of(resolve_weights("osnet_x0_25", "embedded"))
    with Session(engine, expire_on_commit=False) as session, session.begin():
        model = session.scalars(select(Model).where(Model.kind == "embedder")).one()
        model.name, model.weights, model.weights_sha256 = "osnet_x0_25", "embedded", sha256
    point = load_operating_point("osnet_x0_25", "embedded", "euclidean")
    footage = stored(f"sqlite:///{tmp_path / 'a.db'}")
    assert first_limit(footage, model)[0] == point.search_threshold
    model.weights_sha256 = "other weights, of the same name"
    assert first_limit(footage, model)[0] == 0.5, "two people are too few to tell from"


def test_the_table_has_every_answer_and_says_which_are_matches(footage: Footage) -> None:
    answer = ask(footage, footage.models["good"], 7)
    limit = answer.found[2].distance
    for metric in ("euclidean", "cosine"):
        header, *rows = csv.reader(io.StringIO(as_csv(answer, limit, metric)))
        assert tuple(header) == COLUMNS and len(rows) == 56
        table = [dict(zip(header, row, strict=True)) for row in rows]
        assert [row["rank"] for row in table] == [str(rank) for rank in range(1, 57)]
        assert [row["within_threshold"] for row in table] == ["yes"] * 3 + ["no"] * 53
        first, hit = table[0], answer.found[0]
        away = hit.distance if metric == "euclidean" else hit.distance**2 / 2
        assert float(first["distance"]) == pytest.approx(away, abs=1e-6)
        assert (first["camera"], int(first["frame"]), int(first["detection"])) == (hit.camera, hit.frame, hit.detection)
        assert first["time"].startswith("2026-01-01T12:00:")
        assert [float(first[edge]) for edge in ("x1", "y1", "x2", "y2")] == hit.box_xyxy.tolist()


def test_the_strip_is_a_picture(footage: Footage) -> None:
    answer = ask(footage, footage.models["good"], 7)
    with Image.open(io.BytesIO(as_strip(answer, 0.5, "cosine"))) as strip:
        assert strip.format == "PNG" and strip.width > 900


def test_who_is_not_stored_cannot_be_asked_for(footage: Footage) -> None:
    with pytest.raises(UserError, match="no detection 999"):
        ask(footage, footage.models["good"], 999)


def test_a_camera_whose_name_is_a_formula_is_text_in_the_table() -> None:
    hit = SearchHit(1, 0.1, "=HYPERLINK(1)", 0.0, 0, np.zeros(4, np.float32), b"", None)
    assert ",'=HYPERLINK(1)," in as_csv(Answer(2, b"", [hit], 1), 0.5, "euclidean")
