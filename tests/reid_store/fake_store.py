"""A store of fake people: cameras × persons × moments, each person with thumbnails in its own colors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from reid_store.database import open_store
from reid_store.schema import Camera, Detection, Embedding, Model, Person, Recording, StoredFrame

START_S = 1_767_268_800.0  # 2026-01-01 12:00 UTC


def make_store(
    place: Path | str,
    cameras: int = 2,
    persons: int = 3,
    moments: int = 5,
    names: Sequence[str | None] = (),
    assigned: bool = True,
    step_s: float = 1.0,
    start_s: float = START_S,
    models: Sequence[str] = ("first",),
    sources: Sequence[Path] = (),
) -> Engine:
    """Create a store in which every person is in all frames of every camera.

    The recordings of the cameras start one after another. The embeddings of a person are near each other by the first
    model, and noise by the others.

    Args:
        place: The SQLite file to create, or the address of an empty store.
        cameras, persons, moments: Their product is the number of detections.
        names: Names of the first persons.
        assigned: Whether detections are assigned to persons.
        step_s: Seconds between two frames.
        start_s: Time of the first frame.
        models: Names of embedders.
        sources: Footage of the first cameras; the others have none.
    """
    rng = np.random.default_rng(0)
    engine = open_store(place if isinstance(place, str) else f"sqlite:///{place}")
    with Session(engine) as session, session.begin():
        detector = Model(kind="detector", name="made", weights="made", weights_sha256="", preprocessing="", dimension=0)
        networks = [
            Model(kind="embedder", name=name, weights=name, weights_sha256=name, preprocessing="", dimension=16)
            for name in models
        ]
        session.add_all([detector, *networks])
        people = [Person(name=names[k] if k < len(names) else None) for k in range(persons)] if assigned else []
        session.add_all(people)
        session.flush()
        centers = rng.normal(size=(persons, 16))
        images = [_draw_poses(rng) for _ in range(persons)]
        for number in range(cameras):
            camera = Camera(name=f"Camera {number + 1}")
            session.add(camera)
            session.flush()
            begins = start_s + number * moments * step_s / 2
            source = str(sources[number]) if number < len(sources) else f"/nowhere/camera_{number + 1}.mp4"
            recording = Recording(
                camera_id=camera.id, source=source, starts_s=begins,
                frames_per_second=1 / step_s, detector_id=detector.id,
            )  # fmt: skip
            session.add(recording)
            session.flush()
            for moment in range(moments):
                frame = StoredFrame(recording_id=recording.id, index=moment, time_s=begins + moment * step_s)
                session.add(frame)
                session.flush()
                detections = [
                    Detection(
                        frame_id=frame.id, number=k, x1=20 + 30 * k % 500, y1=40 + k % 90, x2=48 + 30 * k % 500,
                        y2=110 + k % 90, score=0.9, thumbnail=images[k][moment % len(images[k])],
                        person_id=people[k].id if assigned else None,
                    )
                    for k in range(persons)
                ]  # fmt: skip
                session.add_all(detections)
                session.flush()
                for rank, network in enumerate(networks):
                    vectors = (0 if rank else 1) * centers + 0.1 * rng.normal(size=centers.shape)
                    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
                    session.add_all(
                        Embedding(detection_id=one.id, model_id=network.id, reid_embedding=vector)
                        for one, vector in zip(detections, vectors, strict=True)
                    )
    return engine


def _draw_poses(rng: np.random.Generator) -> list[bytes]:
    """Draw a person in four poses, as JPEG files: head, shirt and trousers."""
    shirt, trousers, skin = rng.integers(40, 230, (3, 3)).tolist()
    files = []
    for pose in range(4):
        image = np.full((96, 40, 3), 150 + 10 * pose, np.uint8)
        cv2.circle(image, (18 + pose, 14), 8, skin, -1)
        cv2.rectangle(image, (9 + pose, 24), (29 + pose, 56), shirt, -1)
        cv2.rectangle(image, (12 + pose, 57), (18, 92), trousers, -1)
        cv2.rectangle(image, (22 + pose, 57), (27 + 2 * pose, 92), trousers, -1)
        files.append(cv2.imencode(".jpg", image)[1].tobytes())
    return files
