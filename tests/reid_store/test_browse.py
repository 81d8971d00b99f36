"""Look up the contents of a store."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reid_store.browse import (
    count_embedded,
    count_not_embedded,
    find_frame,
    list_embedders,
    most_crowded_frame,
    read_frame_detections,
    read_frames,
)  # fmt: skip
from reid_store.detection_filter import DetectionFilter
from reid_store.schema import Detection, Embedding, Model
from tests.reid_store.fake_store import make_store


def test_frames_detections_and_networks_of_a_store(url: str) -> None:
    engine = make_store(url, cameras=2, persons=3, moments=4, models=("one", "two"))
    by_camera = read_frames(engine)
    assert list(by_camera) == ["Camera 1", "Camera 2"]
    for name, frames in by_camera.items():
        assert [one.index for one in frames] == [0, 1, 2, 3] and {one.camera for one in frames} == {name}
        assert [one.time_s for one in frames] == sorted(one.time_s for one in frames)
    third = by_camera["Camera 2"][2]
    assert third.source == "/nowhere/camera_2.mp4"
    people = read_frame_detections(engine, third.frame)
    assert [one.number for one in people] == [0, 1, 2] and {find_frame(engine, one.id) for one in people} == {
        third.frame
    }
    assert [model.name for model in list_embedders(engine)] == ["one", "two"]
    model = list_embedders(engine)[1]
    assert count_embedded(engine, model) == 24
    assert count_embedded(engine, model, DetectionFilter(("Camera 1",), not_frame_of=1)) == 9
    assert count_not_embedded(engine, model) == {}
    with Session(engine) as session, session.begin():
        some = select(Detection.id).where(Detection.frame_id == third.frame)
        session.execute(delete(Embedding).where(Embedding.model_id == model.id, Embedding.detection_id.in_(some)))
    assert count_not_embedded(engine, model) == {"Camera 2": 3} and count_embedded(engine, model) == 21
    assert (
        count_not_embedded(engine, model, DetectionFilter(("Camera 1",)))
        == {}
        == count_not_embedded(engine, list_embedders(engine)[0])
    )
    with Session(engine) as session, session.begin():
        session.execute(delete(Embedding).where(Embedding.model_id == model.id))
    assert [model.name for model in list_embedders(engine)] == ["one"], "the other has no embeddings any more"
    engine.dispose()


def test_most_crowded_frame(url: str) -> None:
    engine = make_store(url, cameras=2, persons=3, moments=4)
    with Session(engine) as session, session.begin():
        session.execute(delete(Detection).where(Detection.frame_id.not_in([5, 7])))
        session.execute(delete(Detection).where(Detection.frame_id == 5, Detection.number == 0))
    assert most_crowded_frame(engine) == 7
    engine.dispose()


def test_empty_store(url: str) -> None:
    engine = make_store(url, cameras=1, persons=0, moments=0)
    with Session(engine, expire_on_commit=False) as session:
        model = session.scalars(select(Model).where(Model.kind == "embedder")).one()
    assert list_embedders(engine) == [] and read_frames(engine) == {}
    assert most_crowded_frame(engine) is None and count_embedded(engine, model) == 0
    engine.dispose()
