"""Cached embeddings, the server's index, and 20,000 embeddings in both kinds of store."""

import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, delete, insert, text
from sqlalchemy.orm import Session

from reid_store.database import open_store
from reid_store.detection_filter import DetectionFilter
from reid_store.embedding_cache import EmbeddingCache
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame
from reid_store.search import search_store
from reid_store.server_index import index_embeddings
from tests.reid_store.conftest import empty_server
from tests.reid_store.fake_store import make_store

MANY, PER_FRAME, DIMENSION = 20_000, 50, 32


def embedder_of(engine: Engine) -> Model:
    with Session(engine, expire_on_commit=False) as session:
        return session.query(Model).filter_by(kind="embedder").order_by(Model.id).first()  # type: ignore[return-value]


def queries(count: int, dimension: int) -> np.ndarray:
    vectors = np.random.default_rng(5).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def made(tmp_path: Path) -> Engine:
    return make_store(tmp_path / "made.db", cameras=2, persons=4, moments=6)


FILTERS = [
    DetectionFilter(),
    DetectionFilter(("Camera 2",)),
    DetectionFilter(not_frame_of=7),
    DetectionFilter(from_s=1_767_268_803.0, to_s=1_767_268_805.0),
    DetectionFilter(from_s=0, to_s=1),
]


@pytest.mark.parametrize("where", FILTERS)
def test_cached_embeddings_give_the_same_results_as_a_fresh_read(made: Engine, where: DetectionFilter) -> None:
    model = embedder_of(made)
    cache = EmbeddingCache(made, model)
    for query in queries(3, 16):
        found, anew = (search_store(made, query, model, 9, where, cache=one) for one in (cache, None))
        assert [(hit.detection, hit.distance) for hit in found] == [(hit.detection, hit.distance) for hit in anew]
    assert bool(anew) == (where.to_s != 1)
    cache.close()


def test_cache_is_reloaded_after_changes_by_another_connection(made: Engine) -> None:
    model, query = embedder_of(made), queries(1, 16)[0]
    cache = EmbeddingCache(made, model)
    before = [hit.detection for hit in search_store(made, query, model, 99, cache=cache)]
    with Session(made) as session, session.begin():
        session.execute(delete(Detection).where(Detection.id == before[0]))
        session.execute(delete(Embedding).where(Embedding.detection_id == before[0]))
        session.merge(Embedding(detection_id=before[-1], model_id=model.id, reid_embedding=query))
    after = search_store(made, query, model, 99, cache=cache)
    assert after[0].detection == before[-1] and after[0].distance == 0
    assert {hit.detection for hit in after} == set(before[1:])
    cache.close()


@pytest.fixture(scope="module")
def both(server: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, Engine]:
    """The same 20,000 detections in a file and on a server; some embeddings are equal."""
    engines = (open_store(f"sqlite:///{tmp_path_factory.mktemp('many') / 'many.db'}"), open_store(empty_server(server)))
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(MANY, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[rng.choice(MANY, 600, replace=False)] = vectors[0]
    frames = MANY // PER_FRAME
    tables = {
        Model: [
            {"id": 1, "kind": "detector", "name": "d", "weights": "", "weights_sha256": "", "preprocessing": "", "dimension": 0},
            {"id": 2, "kind": "embedder", "name": "e", "weights": "", "weights_sha256": "", "preprocessing": "", "dimension": DIMENSION},
        ],
        Camera: [{"id": 1, "name": "door"}, {"id": 2, "name": "gate"}],
        Recording: [
            {"id": one, "camera_id": one, "source": "s", "starts_s": 0.0, "frames_per_second": 1.0, "detector_id": 1}
            for one in (1, 2)
        ],
        StoredFrame: [{"id": one, "recording_id": 1 + one % 2, "index": one, "time_s": float(one)} for one in range(frames)],
        Detection: [
            {"id": one, "frame_id": one // PER_FRAME, "number": one % PER_FRAME, "x1": 0.0, "y1": 0.0, "x2": 9.0, "y2": 9.0, "score": 1.0, "thumbnail": b""}
            for one in range(MANY)
        ],
        Embedding: [{"detection_id": one, "model_id": 2, "reid_embedding": vectors[one]} for one in range(MANY)],
    }  # fmt: skip
    for engine in engines:
        with engine.begin() as connection:
            for table, rows in tables.items():
                connection.execute(insert(table), rows)
    return engines


@pytest.mark.slow
def test_file_and_server_give_the_same_exact_results(both: tuple[Engine, Engine]) -> None:
    alike = Session(both[0]).get_one(Embedding, (0, 2)).reid_embedding
    for query in [alike, *queries(4, DIMENSION)]:
        for where in (
            DetectionFilter(),
            DetectionFilter(("gate",), from_s=100.0, to_s=300.0),
            DetectionFilter(not_frame_of=120),
        ):
            here, there = (search_store(engine, query, embedder_of(engine), 10, where) for engine in both)
            assert [hit.detection for hit in here] == [hit.detection for hit in there] and len(here) == 10
            assert [hit.distance for hit in here] == pytest.approx([hit.distance for hit in there], abs=1e-5)


@pytest.mark.slow
def test_server_index_has_high_recall_and_is_used(both: tuple[Engine, Engine]) -> None:
    engine, some = both[1], 10_000
    with Session(engine, expire_on_commit=False) as session, session.begin():
        model = Model(
            id=3, kind="embedder", name="f", weights="", weights_sha256="f", preprocessing="", dimension=DIMENSION
        )
        session.add(model)
        session.flush()
        copied = "SELECT detection_id, :model, reid_embedding FROM reid_embeddings WHERE model_id = 2"
        session.execute(
            text(
                f"INSERT INTO reid_embeddings (detection_id, model_id, reid_embedding) {copied} AND detection_id < {some}"
            ),
            {"model": model.id},
        )
    assert index_embeddings(engine, model) and index_embeddings(engine, model)  # the second call changes nothing
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    shares, here = [], embedder_of(both[0])
    for query in queries(20, DIMENSION):
        truth = [
            hit.detection for hit in search_store(both[0], query, here, 10, DetectionFilter(to_s=some / PER_FRAME - 1))
        ]
        assert [hit.detection for hit in search_store(engine, query, model, 10)] == truth
        near = [hit.detection for hit in search_store(engine, query, model, 10, approximate=True)]
        shares.append(np.isin(near, truth).mean())
        assert len(near) == 10
    assert np.mean(shares) >= 0.9  # noise without structure is the hardest case
    late = search_store(engine, query, model, 10, DetectionFilter(("gate",), from_s=190.0), approximate=True)
    assert len(late) == 10 and all(hit.camera == "gate" and hit.time_s >= 190 for hit in late)
    engine.dispose()  # closed connections report their statistics
    used = text("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = :name")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(200):  # the report may arrive a moment after they were closed
            if times := connection.scalar(used, {"name": f"ix_reid_embeddings_hnsw_{model.id}"}):
                break
            time.sleep(0.05)
    assert times > 0


@pytest.mark.slow
@pytest.mark.parametrize(("dimension", "there"), [(2000, "vector"), (4000, "halfvec"), (4001, None)])
def test_high_dimensions_are_indexed_in_half_precision_and_higher_ones_not(
    server: str, dimension: int, there: str | None
) -> None:
    engine = open_store(empty_server(server))
    model = Model(id=900 + dimension, kind="embedder", dimension=dimension)
    assert index_embeddings(engine, model) == (there is not None)
    query = queries(1, dimension)[0]
    assert search_store(engine, query, model, 3, approximate=True) == []
    with engine.connect() as connection:
        message = connection.scalar(
            text(f"SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_reid_embeddings_hnsw_{model.id}'")
        )
    assert (message is None) == (there is None) and (there or "") in (message or "")
