"""Trips: plausible speeds, groups, stops, no jumps."""

from itertools import pairwise

import numpy as np
import pytest

from reid_synth.people.person import sample_person
from reid_synth.world.trips import LANE_M, Trip, plan_trips

LASTS_S = 40.0


@pytest.fixture(scope="module")
def trips() -> list[Trip]:
    rng = np.random.default_rng(4)
    return plan_trips([sample_person(rng) for _ in range(30)], 7, -8.0, 64.0, LASTS_S, rng)


def test_every_person_has_a_trip_and_a_number(trips: list[Trip]) -> None:
    assert [trip.person_id for trip in trips] == list(range(7, 37))


def test_people_walk_or_stand_without_jumps(trips: list[Trip]) -> None:
    times = np.arange(0, LASTS_S, 0.25).tolist()
    for trip in trips:
        states = [trip.at(time) for time in times]
        positions = np.array([state.ground_xy for state in states])
        steps = np.linalg.norm(np.diff(positions, axis=0), axis=1) / 0.25
        assert steps.max() < 2.0
        assert np.abs(positions[:, 1]).max() < LANE_M + 1.5
        still = np.array([state.gait_amplitude == 0 for state in states])
        assert still.any() == (trip.stop_s > 0)
        assert steps[still[1:] & still[:-1]].max(initial=0.0) < 1e-9
        going = ~still[1:] & ~still[:-1]
        assert abs(np.median(steps[going]) - trip.speed) < 0.1


def test_people_face_their_walking_direction(trips: list[Trip]) -> None:
    for trip in trips:
        state, later = trip.at(10.0), trip.at(10.1)
        if state.gait_amplitude and later.gait_amplitude:
            moved = later.ground_xy - state.ground_xy
            assert np.array([np.cos(state.direction), np.sin(state.direction)]) @ moved > 0.9 * np.linalg.norm(moved)


def test_groups_stay_together(trips: list[Trip]) -> None:
    company = [(a, b) for a, b in pairwise(trips) if a.path is b.path]
    assert len(company) >= 5
    for one, other in company:
        apart = [np.linalg.norm(one.at(time).ground_xy - other.at(time).ground_xy) for time in (0.0, 15.0, 39.0)]
        assert min(apart) > 0.4 and max(apart) < 2.5


def test_both_directions_occur(trips: list[Trip]) -> None:
    senses = {np.sign(trip.at(30).ground_xy[0] - trip.at(10).ground_xy[0]) for trip in trips}
    assert senses >= {-1.0, 1.0}


def test_people_walk_straight_on_beyond_the_ends_of_their_path() -> None:
    trip = Trip(
        person_id=1,
        person=sample_person(np.random.default_rng(1)),
        path=np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (4.0, 4.0)]),
        distance_m=np.array([0.0, 4.0, 8.0, 8.0]),
        speed=1.0,
        start_m=-3.0,
        stop_m=9.0,
        stop_s=5.0,
        stop_turn=0.5,
        lateral_offset_m=0.0,
        seed=0,
    )
    before, stopped, after = (trip.at(time) for time in (0.0, 14.0, 20.0))
    assert np.allclose(before.ground_xy, (-3, 0)) and before.direction == pytest.approx(0)
    assert np.allclose(stopped.ground_xy, (4, 5)) and stopped.direction == pytest.approx(np.pi / 2 + 0.5)
    assert np.allclose(after.ground_xy, (4, 8)) and after.direction == pytest.approx(np.pi / 2)
