"""Worlds of several cameras: identities, walking times between cameras, exact ground truth."""

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from learning_reid.errors import UserError
from reid_synth.places.canvas import SUPERSAMPLING
from reid_synth.world.camera_view import CameraView
from reid_synth.world.world import HEIGHT, WIDTH, World, WorldPlan

PLAN = WorldPlan(cameras=3, people=24, frames=60, frames_per_second=1.5)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=5, plan=PLAN)


@pytest.fixture(scope="module")
def views(world: World) -> list[CameraView]:
    return [world.view(index) for index in range(PLAN.cameras)]


@pytest.mark.slow
def test_same_seed_gives_the_same_frames_in_any_order(world: World, views: list[CameraView]) -> None:
    again = World(seed=5, plan=PLAN).view(1)
    again.render(9)
    assert all((a == b).all() for a, b in zip(again.render(4), views[1].render(4), strict=True))
    assert (views[0].render(4)[0] != views[1].render(4)[0]).any()
    assert (World(seed=6, plan=PLAN).view(1).render(4)[0] != views[1].render(4)[0]).any()


def test_people_reach_the_next_camera_after_the_walking_time(world: World) -> None:
    by_person = defaultdict(list)
    for visit in world.timetable():
        by_person[visit.person_id].append(visit)
    speeds = {trip.person_id: trip.speed for trip in world.trips}
    changes = 0
    for person, visits in by_person.items():
        for one, other in pairwise(visits):
            if one.camera != other.camera:
                way = np.linalg.norm(
                    world.trips[person - 1].at(one.leaves_s).ground_xy
                    - world.trips[person - 1].at(other.enters_s).ground_xy
                )
                takes = other.enters_s - one.leaves_s
                assert way / 2.0 < takes, "faster than walking"
                assert takes < way / speeds[person] + 12, "slower than walking, with a stop"
                assert way > 2, "views overlap"
                changes += 1
    assert changes >= 8


def test_the_timetable_equals_the_rendered_frames(world: World, views: list[CameraView]) -> None:
    visits = world.timetable()
    for camera, view in enumerate(views):
        for index in (10, 30):
            time_s = index / PLAN.frames_per_second
            there = {v.person_id for v in visits if v.camera == camera and v.enters_s <= time_s <= v.leaves_s}
            _, ids, boxes, visibility = view.render(index)
            inside = (boxes[:, 0] > 60) & (
                boxes[:, 2] < WIDTH - 60
            )  # at the edge a foot may be outside and a hand inside
            assert set(ids[inside].tolist()) <= there
            assert set(ids[visibility > 0.2].tolist()) >= set(ids[inside & (visibility > 0.2)].tolist())


def test_an_identity_is_the_same_person_in_all_cameras(world: World, views: list[CameraView]) -> None:
    for view in views:
        assert [pedestrian.person_id for pedestrian in view.pedestrians] == [trip.person_id for trip in world.trips]
        for pedestrian, trip in zip(view.pedestrians, world.trips, strict=True):
            assert pedestrian.trip is trip  # type: ignore[attr-defined] # one set of clothes per person


def test_feet_are_at_the_projected_map_position(world: World, views: list[CameraView]) -> None:
    checked = 0
    for post, view in zip(world.placed_cameras, views, strict=True):
        _, ids, boxes, _ = view.render(20)
        for person, box in zip(ids.tolist(), boxes, strict=True):
            if box[0] <= 0 or box[2] >= WIDTH:
                continue
            position = world.trips[person - 1].at(20 / PLAN.frames_per_second).ground_xy
            pixel = post.homography @ np.append(position, 1.0)
            pixel = pixel[:2] / pixel[2]
            assert np.allclose(pixel, post.camera.project(np.append(post.to_local(position), 0.0)))
            assert abs(pixel[1] - box[3]) < 0.12 * (box[3] - box[1])
            checked += 1
    assert checked >= 6


@pytest.mark.slow
def test_boxes_equal_the_unoccluded_person(views: list[CameraView]) -> None:
    """Render each person without occluders: mask and box agree to a pixel, and visibility is right."""
    checked = 0
    for view in views:
        canvas, boxes, whole = view.paint(30)
        for person in np.flatnonzero(whole):
            alone = _only(view, int(person))
            mask = alone.paint(30)[0].ids == 1
            rows, columns = np.nonzero(mask)
            if len(rows) == 0:
                continue
            drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / SUPERSAMPLING
            assert np.abs(drawn - np.clip(boxes[person], 0, (WIDTH, HEIGHT) * 2)).max() <= 1
            share = (canvas.ids == person + 1).sum() / whole[person]
            assert share <= mask.sum() / whole[person] + 1e-9 <= 1 + 2e-9
            checked += 1
    assert checked >= 10


def _only(view: CameraView, person: int) -> CameraView:
    alone = CameraView.__new__(CameraView)
    alone.__dict__.update(
        view.__dict__, pedestrians=[view.pedestrians[person]], _foreground=[], _sprites=type(view._sprites)()
    )
    return alone


def test_some_people_are_occluded(views: list[CameraView]) -> None:
    visibility = np.concatenate([view.render(index)[3] for view in views for index in (10, 30, 50)])
    assert (visibility < 0.6).any() and (visibility > 0.98).any()


def test_given_people_keep_their_numbers(world: World) -> None:
    people = [trip.person for trip in world.trips]
    other = World(seed=8, plan=replace(PLAN, people=5), people=people, first_id=41)
    assert [(trip.person_id, trip.person) for trip in other.trips] == list(enumerate(people[:5], 41))


@pytest.mark.parametrize("seed", range(5))
def test_cameras_share_people(seed: int) -> None:
    cameras = defaultdict(set)
    for visit in World(seed, WorldPlan(cameras=2, people=16)).timetable():
        cameras[visit.person_id].add(visit.camera)
    assert sum(len(seen) > 1 for seen in cameras.values()) >= 4


@pytest.mark.parametrize("wrong", [{"cameras": 0}, {"people": 0}, {"frames": 0}, {"frames_per_second": 0.0}])
def test_invalid_plans_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match="use"):
        WorldPlan(**wrong)  # type: ignore[arg-type]
