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
from reid_store.app.footage import Footage, stored_footage
from reid_store.app.ranking import COLUMNS, Ranking, calibrated_threshold, format_csv, rank_detections, render_strip
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


def test_without_a_calibration_nothing_is_decided(footage: Footage) -> None:
    threshold, reason = calibrated_threshold(footage.models["good"])
    assert threshold is None and "nothing is decided" in reason
    ranking = rank_detections(footage, footage.models["good"], 7)
    assert ranking.num_matches(threshold) == 0
    rows = list(csv.DictReader(io.StringIO(format_csv(ranking, threshold, "euclidean"))))
    assert len(rows) == 56 and {row["within_threshold"] for row in rows} == {""}


def test_threshold_of_the_embedded_network_is_calibrated_and_has_an_origin(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", 1, 2, 2)
    from learning_reid.embedding.operating_point import load_operating_point
    from learning_reid.models.weights_file import resolve_weights
    from learning_reid.zoo.checksums import sha256_of

    sha256 = sha256_of(resolve_weights("osnet_x0_25", "embedded"))
    with Session(engine, expire_on_commit=False) as session, session.begin():
        model = session.scalars(select(Model).where(Model.kind == "embedder")).one()
        model.name, model.weights, model.weights_sha256 = "osnet_x0_25", "embedded", sha256
    point = load_operating_point("osnet_x0_25", "embedded", "euclidean")
    threshold, origin = calibrated_threshold(model)
    assert threshold == point.search_threshold
    assert point.data in origin and point.date in origin and "reid.safetensors.threshold.yml" in origin
    model.weights_sha256 = "other weights, of the same name"
    threshold, origin = calibrated_threshold(model)
    assert threshold is None and "weights have changed" in origin


def test_damaged_calibration_is_reported_and_not_used(tmp_path: Path) -> None:
    weights = tmp_path / "mine.pth"
    weights.write_bytes(b"weights")
    (tmp_path / "mine.pth.threshold.yml").write_text("pair_threshold: 0.4\n")
    threshold, reason = calibrated_threshold(Model(name="osnet_x0_25", weights=str(weights), weights_sha256=""))
    assert threshold is None and "mine.pth.threshold.yml is not a file that calibrate writes" in reason


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
