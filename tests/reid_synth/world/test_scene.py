"""Demonstration scene: determinism, tight boxes, lasting identities, ground truth."""

import numpy as np
import pytest

from reid_synth.camera import Camera
from reid_synth.places.canvas import SUPERSAMPLING
from reid_synth.world.scene import HEIGHT, WIDTH, Scene
from reid_synth.world.walkers import Walker, sample_walkers

CAMERA = Camera(height_m=7.0, tilt=0.33, focal_px=900.0, width=WIDTH, height=HEIGHT)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(seed=5, frames=6)


@pytest.mark.slow
def test_same_seed_gives_the_same_frames_in_any_order(scene: Scene) -> None:
    again = Scene(seed=5, frames=3)
    again.render(2)
    for index in (1, 0):
        assert all((a == b).all() for a, b in zip(scene.render(index), again.render(index), strict=True))
    assert (Scene(seed=6).render(0)[0] != scene.render(0)[0]).any()


def test_a_frame_shows_people_of_plausible_size(scene: Scene) -> None:
    image, ids, boxes, visibility = scene.render(0)
    assert image.shape == (HEIGHT, WIDTH, 3) and image.dtype == np.uint8
    assert ids.dtype == np.int64 and boxes.dtype == visibility.dtype == np.float32
    assert len(ids) >= 2 and visibility.max() > 0.95
    heights = boxes[visibility > 0.9, 3] - boxes[visibility > 0.9, 1]
    assert ((heights > 50) & (heights < 120)).all()


def test_boxes_are_tight_around_the_identity_map(scene: Scene) -> None:
    checked = 0
    for index in (0, 3, 5):
        canvas, boxes, whole = scene.paint(index)
        for person, (box, pixels) in enumerate(zip(boxes, whole, strict=True), 1):
            rows, columns = np.nonzero(canvas.ids == person)
            if len(rows) == 0:
                continue
            seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / SUPERSAMPLING
            assert (seen[:2] >= box[:2]).all() and (seen[2:] <= box[2:]).all()  # the visible part lies in the box
            if len(rows) == pixels:
                assert np.allclose(seen, box)
                checked += 1
    assert checked >= 4


def test_ground_truth_equals_the_rendered_frames(scene: Scene) -> None:
    truth = scene.truth()
    assert set(truth.frame.tolist()) <= set(range(6)) and len(scene) == 6
    for index in (0, 5):
        _, ids, boxes, visibility = scene.render(index)
        here = truth.frame == index
        assert (truth.person_id[here] == ids).all() and (truth.boxes_xyxy[here] == boxes).all()
        assert (truth.visibility[here] == visibility).all()


def test_an_identity_moves_smoothly(scene: Scene) -> None:
    truth = scene.truth()
    for person in set(truth.person_id.tolist()):
        mine = truth.person_id == person
        middle = truth.boxes_xyxy[mine].reshape(-1, 2, 2).mean(axis=1)
        steps = np.diff(middle, axis=0)[np.diff(truth.frame[mine]) == 1]
        assert (np.linalg.norm(steps, axis=1) < 20).all()


def test_the_sprite_cache_is_bounded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid_synth.world.camera_view._SPRITE_CACHE_SIZE", 8)
    first = scene.render(0)[0]
    for index in range(6, 10):
        scene.render(index)
    assert len(scene._sprites) <= 8
    assert (scene.render(0)[0] == first).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_walkers_cross_and_keep_walking(seed: int) -> None:
    walkers: list[Walker] = sample_walkers(4, seed, CAMERA, np.random.default_rng(seed))
    times = np.arange(0, 12, 1 / 7)
    positions = np.array([[walker.at(time)[0] for time in times] for walker in walkers])  # (walkers, frames, 2)
    speeds = np.linalg.norm(np.diff(positions, axis=1), axis=2) * 7
    assert speeds.max() < 1.6 and np.median(speeds) > 1.0
    bearing = positions[..., 0] / positions[..., 1]
    assert np.abs(bearing[0] - bearing[1]).min() < 0.02  # the first two pass each other as the camera sees it


def test_walkers_face_their_walking_direction() -> None:
    walker = sample_walkers(2, 1, CAMERA, np.random.default_rng(1))[1]
    for time in (0.5, 3.0, 6.0, 20.0):
        position, direction = walker.at(time)
        moved = walker.at(time + 0.05)[0] - position
        assert np.array([np.cos(direction), np.sin(direction)]) @ (moved / np.linalg.norm(moved)) > 0.9


def test_walkers_have_distinct_clothes() -> None:
    for seed in range(3):
        people = [walker.person for walker in sample_walkers(4, seed, CAMERA, np.random.default_rng(seed))]
        looks = [np.array([*person.top.color, *person.bottom.color]) for person in people]
        assert min(np.linalg.norm(a - b) for i, a in enumerate(looks) for b in looks[:i]) > 100
