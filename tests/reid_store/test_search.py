"""Search a store: comparison with brute force, filters, errors."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.detection_filter import DetectionFilter
from reid_store.extraction import RecordingSource, extract
from reid_store.records import find_embedder
from reid_store.schema import Detection, Embedding, StoredFrame
from reid_store.search import read_embedding, read_thumbnail, search_store
from reid_store.thumbnails import decode_jpeg
from tests.reid_store.conftest import NUM_PEOPLE, models_for

Footage = Callable[[str, int], Path]


@pytest.fixture
def filled(engine: Engine, footage: Footage) -> Engine:
    """A store of two cameras with eleven frames each, half a second apart."""
    for name, start in (("door", 0.0), ("gate", 100.0)):
        extract(engine, RecordingSource(str(footage(name, 11)), name, start, 2.0), models_for(engine))
    return engine


def everything(engine: Engine) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ids, embeddings and times of all detections."""
    query = (
        select(Embedding.detection_id, Embedding.reid_embedding, StoredFrame.time_s)
        .join(Detection, Detection.id == Embedding.detection_id)
        .join(StoredFrame, StoredFrame.id == Detection.frame_id)
        .order_by(Detection.id)
    )
    with Session(engine) as session:
        ids, vectors, times = zip(*session.execute(query), strict=True)
    return np.array(ids), np.stack(vectors), np.array(times)


def test_search_matches_brute_force(filled: Engine) -> None:
    model = models_for(filled).embedder_row
    ids, vectors, times = everything(filled)
    rng = np.random.default_rng(0)
    for _ in range(5):
        query = rng.normal(size=model.dimension).astype(np.float32)
        query /= np.linalg.norm(query)
        distances = np.linalg.norm(vectors - query, axis=1)
        order = np.lexsort((ids, distances))
        found = search_store(filled, query, model, k=10)
        assert [hit.detection for hit in found] == ids[order[:10]].tolist()
        assert [hit.distance for hit in found] == pytest.approx(distances[order[:10]], abs=1e-5)
        assert [hit.time_s for hit in found] == times[order[:10]].tolist()
        assert all(hit.camera == ("door" if hit.time_s < 50 else "gate") for hit in found)


def test_filter_by_cameras_and_times(filled: Engine) -> None:
    model, query = models_for(filled).embedder_row, everything(filled)[1][0]
    assert {hit.camera for hit in search_store(filled, query, model, 99, DetectionFilter(("gate",)))} == {"gate"}
    late = search_store(filled, query, model, 99, DetectionFilter(from_s=102.0, to_s=103.0))
    assert {hit.time_s for hit in late} == {102.0, 102.5, 103.0} and len(late) == 3 * NUM_PEOPLE
    assert search_store(filled, query, model, 99, DetectionFilter(from_s=500.0)) == []


def test_frame_of_a_stored_query_is_excluded(filled: Engine) -> None:
    model, number = models_for(filled).embedder_row, int(everything(filled)[0][4])
    query = read_embedding(filled, number, model)
    assert search_store(filled, query, model, 1)[0].detection == number
    others = search_store(filled, query, model, 999, DetectionFilter(not_frame_of=number))
    assert number not in {hit.detection for hit in others} and len(others) == 21 * NUM_PEOPLE
    assert decode_jpeg(read_thumbnail(filled, number)).shape == decode_jpeg(others[0].thumbnail).shape == (36, 12, 3)


def test_embeddings_of_different_networks_are_not_compared(filled: Engine, footage: Footage) -> None:
    query = everything(filled)[1][0]
    other = models_for(filled, "other").embedder_row
    assert search_store(filled, query, other, 10) == []
    with Session(filled) as session, pytest.raises(UserError, match=r"only of colors \(none\).*\n.*extract --set"):
        find_embedder(session, "osnet_x0_25", "embedded")


def test_unknown_camera_detection_and_embedding_raise(filled: Engine) -> None:
    model = models_for(filled).embedder_row
    query = everything(filled)[1][0]
    with pytest.raises(UserError, match="no camera 'dor'; it has: door, gate"):
        search_store(filled, query, model, detection_filter=DetectionFilter(("dor",)))
    with pytest.raises(UserError, match="no detection 99999"):
        read_embedding(filled, 99999, model)
    with pytest.raises(UserError, match="has not embedded detection"):
        read_embedding(filled, int(everything(filled)[0][0]), models_for(filled, "other").embedder_row)
