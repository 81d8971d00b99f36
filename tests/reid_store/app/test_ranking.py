"""Ranking, threshold, CSV and strip."""

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
from learning_reid.tracking.tracklets import impostor_quantile
from reid_store.app.footage import Footage, stored_footage
from reid_store.app.ranking import COLUMNS, Ranking, format_csv, initial_threshold, rank_detections, render_strip
from reid_store.schema import Detection, Embedding, Model
from reid_store.search import SearchHit
from tests.reid_store.fake_store import make_store


@pytest.fixture
def footage(tmp_path: Path) -> Iterator[Footage]:
    make_store(tmp_path / "a.db", cameras=3, persons=4, moments=5, models=("good", "noise")).dispose()
    footage = stored_footage(f"sqlite:///{tmp_path / 'a.db'}")
    yield footage
    footage.close()


def slow_ranking(footage: Footage, model: Model, query_id: int) -> list[tuple[float, int]]:
    """Rank every detection of the other frames, one by one."""
    with Session(footage.engine) as session:
        vectors = dict(
            session.execute(
                select(Embedding.detection_id, Embedding.reid_embedding).where(Embedding.model_id == model.id)
            ).all()
        )
        frames = dict(session.execute(select(Detection.id, Detection.frame_id)).all())
    return sorted(
        (float(np.linalg.norm(vectors[query_id] - vector)), number)
        for number, vector in vectors.items()
        if frames[number] != frames[query_id]
    )


@pytest.mark.parametrize("name", ["good", "noise"])
def test_ranking_holds_all_detections_of_other_frames_nearest_first(name: str, footage: Footage) -> None:
    model = footage.models[name]
    ranking = rank_detections(footage, model, 7)
    expected = slow_ranking(footage, model, 7)
    assert ranking.num_compared == len(expected) == 3 * 4 * 5 - 4
    assert [hit.detection for hit in ranking.hits] == [number for _, number in expected]
    np.testing.assert_allclose([hit.distance for hit in ranking.hits], [away for away, _ in expected], atol=1e-5)


def test_number_of_matches_at_extreme_thresholds(footage: Footage) -> None:
    ranking = rank_detections(footage, footage.models["good"], 7)
    assert ranking.num_matches(0.0) == 0
    assert ranking.num_matches(ranking.hits[-1].distance) == ranking.num_compared
    assert ranking.num_matches(ranking.hits[4].distance) == 5


def test_other_cameras_only(footage: Footage) -> None:
    ranking = rank_detections(footage, footage.models["good"], 7, ["Camera 2", "Camera 3"])
    assert ranking.num_compared == 40 and {hit.camera for hit in ranking.hits} == {"Camera 2", "Camera 3"}


def test_long_rankings_are_cut_but_all_detections_are_counted(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = rank_detections(footage, footage.models["good"], 7)
    monkeypatch.setattr("reid_store.app.ranking.MAX_HITS", 9)
    ranking = rank_detections(footage, footage.models["good"], 7)
    assert ranking.num_compared == 56
    assert [hit.detection for hit in ranking.hits] == [hit.detection for hit in everything.hits[:9]]


def test_initial_threshold_is_derived_from_impostor_pairs(footage: Footage) -> None:
    threshold, reason = initial_threshold(footage, footage.models["good"])
    with Session(footage.engine) as session:
        rows = session.execute(
            select(Detection.frame_id, Detection.x1, Detection.y1, Detection.x2, Detection.y2, Embedding.reid_embedding)
            .join(Embedding, Embedding.detection_id == Detection.id)
            .where(Embedding.model_id == footage.models["good"].id)
        ).all()
    frame, *corners, vectors = zip(*rows, strict=True)
    quantile = impostor_quantile(np.array(frame), np.array(corners).T, np.stack(vectors))
    assert quantile is not None and threshold == pytest.approx(0.7 * quantile)
    assert f"{quantile:.2f}" in reason and "not calibrated" in reason


def test_initial_threshold_of_the_embedded_network_is_calibrated(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", 1, 2, 2)
    from learning_reid.embedding.operating_point import load_operating_point
    from learning_reid.models.weights_file import resolve_weights
    from learning_reid.zoo.checksums import sha256_of

    sha256 = sha256_of(resolve_weights("osnet_x0_25", "embedded"))
    with Session(engine, expire_on_commit=False) as session, session.begin():
        model = session.scalars(select(Model).where(Model.kind == "embedder")).one()
        model.name, model.weights, model.weights_sha256 = "osnet_x0_25", "embedded", sha256
    point = load_operating_point("osnet_x0_25", "embedded", "euclidean")
    footage = stored_footage(f"sqlite:///{tmp_path / 'a.db'}")
    assert initial_threshold(footage, model)[0] == point.search_threshold
    model.weights_sha256 = "other weights, of the same name"
    assert initial_threshold(footage, model)[0] == 0.5, "two people are too few"


def test_csv_has_every_hit_and_marks_matches(footage: Footage) -> None:
    ranking = rank_detections(footage, footage.models["good"], 7)
    threshold = ranking.hits[2].distance
    for metric in ("euclidean", "cosine"):
        header, *rows = csv.reader(io.StringIO(format_csv(ranking, threshold, metric)))
        assert tuple(header) == COLUMNS and len(rows) == 56
        table = [dict(zip(header, row, strict=True)) for row in rows]
        assert [row["rank"] for row in table] == [str(rank) for rank in range(1, 57)]
        assert [row["within_threshold"] for row in table] == ["yes"] * 3 + ["no"] * 53
        first, hit = table[0], ranking.hits[0]
        away = hit.distance if metric == "euclidean" else hit.distance**2 / 2
        assert float(first["distance"]) == pytest.approx(away, abs=1e-6)
        assert (first["camera"], int(first["frame"]), int(first["detection"])) == (hit.camera, hit.frame, hit.detection)
        assert first["time"].startswith("2026-01-01T12:00:")
        assert [float(first[edge]) for edge in ("x1", "y1", "x2", "y2")] == hit.box_xyxy.tolist()


def test_strip_is_a_png(footage: Footage) -> None:
    ranking = rank_detections(footage, footage.models["good"], 7)
    with Image.open(io.BytesIO(render_strip(ranking, 0.5, "cosine"))) as strip:
        assert strip.format == "PNG" and strip.width > 900


def test_unknown_query_raises(footage: Footage) -> None:
    with pytest.raises(UserError, match="no detection 999"):
        rank_detections(footage, footage.models["good"], 999)


def test_camera_name_that_is_a_formula_is_text_in_the_csv() -> None:
    hit = SearchHit(1, 0.1, "=HYPERLINK(1)", 0.0, 0, np.zeros(4, np.float32), b"", None)
    assert ",'=HYPERLINK(1)," in format_csv(Ranking(2, b"", [hit], 1), 0.5, "euclidean")
