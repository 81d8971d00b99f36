"""Leafing through a store."""

from __future__ import annotations

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reid_store.browse import (
    count_described,
    count_lacking,
    crowded,
    embedders_of,
    frame_of,
    fullest_frame,
    people_in,
    stills_of,
)  # fmt: skip
from reid_store.detection_filter import Where
from reid_store.identities import read_everybody
from reid_store.schema import Detection, Embedding, Model
from tests.reid_store.making import made_store


def test_frames_people_and_networks_of_a_store(url: str) -> None:
    engine = made_store(url, cameras=2, persons=3, moments=4, models=("one", "two"))
    stills = stills_of(engine)
    assert list(stills) == ["Camera 1", "Camera 2"]
    for name, frames in stills.items():
        assert [one.index for one in frames] == [0, 1, 2, 3] and {one.camera for one in frames} == {name}
        assert [one.time_s for one in frames] == sorted(one.time_s for one in frames)
    third = stills["Camera 2"][2]
    assert third.source == "/nowhere/camera_2.mp4"
    people = people_in(engine, third.frame)
    assert [one.number for one in people] == [0, 1, 2] and {frame_of(engine, one.id) for one in people} == {third.frame}
    assert [model.name for model in embedders_of(engine)] == ["one", "two"]
    model = embedders_of(engine)[1]
    assert count_described(engine, model) == 24
    assert count_described(engine, model, Where(("Camera 1",), not_frame_of=1)) == 9
    assert count_lacking(engine, model) == {}
    with Session(engine) as session, session.begin():
        some = select(Detection.id).where(Detection.frame_id == third.frame)
        session.execute(delete(Embedding).where(Embedding.model_id == model.id, Embedding.detection_id.in_(some)))
    assert count_lacking(engine, model) == {"Camera 2": 3} and count_described(engine, model) == 21
    assert count_lacking(engine, model, Where(("Camera 1",))) == {} == count_lacking(engine, embedders_of(engine)[0])
    with Session(engine) as session, session.begin():
        session.execute(delete(Embedding).where(Embedding.model_id == model.id))
    assert [model.name for model in embedders_of(engine)] == ["one"], "the other has described nobody any more"
    engine.dispose()


def test_the_fullest_frames(url: str) -> None:
    engine = made_store(url, cameras=2, persons=3, moments=4)
    with Session(engine) as session, session.begin():
        session.execute(delete(Detection).where(Detection.frame_id.not_in([5, 7])))
        session.execute(delete(Detection).where(Detection.frame_id == 5, Detection.number == 0))
    assert fullest_frame(engine) == 7
    (model,) = embedders_of(engine)
    everybody = read_everybody(engine, model)
    for frames, kept in ((1, everybody.frame == 7), (9, everybody.frame > 0)):
        frame, boxes, vectors = crowded(engine, model, frames)
        np.testing.assert_array_equal(frame, everybody.frame[kept])
        np.testing.assert_allclose(boxes, everybody.boxes_xyxy[kept])
        np.testing.assert_allclose(vectors, everybody.embeddings[kept])
    engine.dispose()


def test_an_empty_store(url: str) -> None:
    engine = made_store(url, cameras=1, persons=0, moments=0)
    with Session(engine, expire_on_commit=False) as session:
        model = session.scalars(select(Model).where(Model.kind == "embedder")).one()
    assert embedders_of(engine) == [] and stills_of(engine) == {}
    assert fullest_frame(engine) is None and count_described(engine, model) == 0
    assert [part.shape for part in crowded(engine, model)] == [(0,), (0, 4), (0, 16)]
    engine.dispose()
