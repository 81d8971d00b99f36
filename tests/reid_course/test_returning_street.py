"""A street to which people return, its recordings, and the plot of visits."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from reid_course.returning_street import CAMERAS, create_returning_world, draw_visits, number_visits, render_cameras
from reid_synth.world.world import SPACING_M

SEEDS = (1, 7, 11)


@pytest.mark.parametrize("seed", SEEDS)
def test_some_people_return_and_no_camera_sees_the_turn(seed: int) -> None:
    world = create_returning_world(seed, people=10, frames=180, frames_per_second=3.5)
    back = 0
    for trip in world.trips:
        places = np.array([trip.at(time_s).ground_xy for time_s in np.arange(0, world.plan.duration_s, 0.5)])
        assert np.isfinite(places).all()
        turns = np.flatnonzero(np.diff(np.sign(np.diff(trip.path[:, 0]))) != 0)
        if len(turns):
            back += 1
            turn = trip.path[turns[0] + 1]
            assert not any(post.sees(turn) for post in world.placed_cameras), (
                "a turn before a camera would be one visit, not two"
            )
            assert abs(turn[0] / SPACING_M % 1 - 0.5) < 0.2, "half-way between two cameras"
    assert 0 < back < len(world.trips)


def test_a_returning_person_visits_one_camera_twice() -> None:
    world = create_returning_world(7, people=10, frames=180, frames_per_second=3.5)
    seen = [(visit.person_id, visit.camera) for visit in world.timetable()]
    assert len(seen) > len(set(seen)) and len({camera for _, camera in seen}) == len(CAMERAS)
    assert sorted({trip.person_id for trip in world.trips}) == list(range(1, 11))


@pytest.mark.slow
def test_cameras_are_rendered_into_folders_with_ground_truth(tmp_path: Path) -> None:
    world = create_returning_world(7, people=6, frames=2, frames_per_second=0.1)
    truth = render_cameras(world, tmp_path)
    assert tuple(truth) == CAMERAS
    for name in CAMERAS:
        assert [file.name for file in sorted((tmp_path / name).iterdir())] == ["0000.jpg", "0001.jpg"]
    image, ids, boxes, _ = world.view(1).render(1)
    there = truth[CAMERAS[1]].at(1)
    assert there.person_id.tolist() == ids.tolist() and np.array_equal(there.boxes_xyxy, boxes)
    with Image.open(tmp_path / CAMERAS[1] / "0001.jpg") as picture:
        assert np.abs(np.asarray(picture, int) - image).mean() < 10
    assert sum(map(len, truth.values()))


def slow_visits(person: np.ndarray, camera: np.ndarray, time_s: np.ndarray, gap_s: float) -> set[frozenset[int]]:
    """Return visits as sets of detections that chains of small gaps connect, by brute force."""
    found = set()
    for start in np.flatnonzero(person >= 0):
        members = {int(start)}
        while True:
            near = {
                int(other)
                for other in range(len(person))
                for member in members
                if person[other] == person[member]
                and camera[other] == camera[member]
                and abs(time_s[other] - time_s[member]) <= gap_s
            }
            if near <= members:
                break
            members |= near
        found.add(frozenset(members))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_visits_are_chains_of_small_gaps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    person, camera, time_s = rng.integers(-1, 3, 40), rng.integers(0, 2, 40), rng.uniform(0, 60, 40)
    numbers = number_visits(person, camera, time_s, gap_s=4.0)
    groups = {frozenset(np.flatnonzero(numbers == number).tolist()) for number in range(numbers.max() + 1)}
    assert groups == slow_visits(person, camera, time_s, 4.0)
    assert ((numbers < 0) == (person < 0)).all()


def test_unknown_persons_have_no_visits() -> None:
    assert number_visits(np.array([-1, -1]), np.zeros(2, int), np.arange(2.0)).tolist() == [-1, -1]
    assert number_visits(np.zeros(0, int), np.zeros(0, int), np.zeros(0)).tolist() == []


def test_each_visit_is_a_bar_in_the_lane_of_its_camera_in_the_most_frequent_color() -> None:
    figure, axes = plt.subplots()
    person, camera = np.array([0, 0, 0, 1, -1]), np.array([0, 0, 0, 1, 1])
    time_s, color = np.array([0.0, 1.0, 2.0, 30.0, 9.0]), np.array([3, 3, 4, -1, 5])
    draw_visits(axes, person, camera, time_s, color, ["a", "b"])
    first, second = axes.patches
    assert first.get_x() == 0 and first.get_width() == 2 and second.get_x() == 30
    assert first.get_y() + first.get_height() <= 0.001 and second.get_y() > 0.999, (
        "lane a above, lane b below the middle"
    )
    assert first.get_facecolor() == plt.get_cmap("tab10")(3)
    assert len(set(second.get_facecolor()[:3])) == 1, "grey"
    plt.close(figure)
