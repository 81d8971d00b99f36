"""Figures: every kind can be built, stands on the ground, and moves plausibly."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from reid_synth.people.body import MAX_KNOTS, SURFACES
from reid_synth.people.figure import build_figure
from reid_synth.people.person import BagKind, Carried, HairStyle, Hat, ShoeKind, sample_person
from reid_synth.people.poses import Gesture, Pose, sample_pose
from reid_synth.people.wardrobe import BottomKind, TopKind


@pytest.fixture
def person():
    return replace(sample_person(np.random.default_rng(8)), bag="none", carried="none", hat="none")


def all_kinds(person):
    for name, kinds in (
        ("bag", BagKind),
        ("carried", Carried),
        ("hat", Hat),
        ("hair_style", HairStyle),
        ("shoe_kind", ShoeKind),
    ):
        yield from (replace(person, **{name: kind}) for kind in get_args(kinds))
    yield from (replace(person, top=replace(person.top, kind=kind), open_front=0.2) for kind in get_args(TopKind))
    yield from (replace(person, bottom=replace(person.bottom, kind=kind)) for kind in get_args(BottomKind))


def test_every_kind_of_person_can_be_built_and_stands_on_the_ground(person):
    for person_of_kind in all_kinds(person):
        for phase in np.linspace(0, 2 * np.pi, 5):
            parts = build_figure(person_of_kind, Pose(phase=float(phase)))
            assert {part.surface for part in parts} <= set(SURFACES)
            assert all(len(part.widths) == len(part.depths) <= MAX_KNOTS for part in parts)
            soles = [min(part.start[2], part.end[2]) - min(part.depths) for part in parts if part.surface == "sole"]
            assert min(soles) == pytest.approx(0)


def test_legs_move_in_opposition(person):
    thighs = [part for part in build_figure(person, Pose(phase=np.pi / 2)) if part.surface == "thigh"]
    assert thighs[0].end[1] > 0 > thighs[1].end[1]


def test_a_standing_person_has_both_feet_side_by_side(person):
    thighs = [part for part in build_figure(person, Pose(phase=1.0, gait_amplitude=0.0)) if part.surface == "thigh"]
    assert thighs[0].end[1] == pytest.approx(thighs[1].end[1], abs=0.03)


@pytest.mark.parametrize("gesture", get_args(Gesture))
def test_every_gesture_moves_the_hand_and_keeps_the_arm_length(person, gesture):
    hands, lengths = [], []
    for pose in (Pose(0.3), Pose(0.3, gestures=(gesture, "swing"))):
        parts = build_figure(person, pose)
        upper, lower = (next(part for part in parts if part.surface == name) for name in ("upper_arm", "forearm"))
        hands.append(np.array(lower.end))
        lengths.append([np.linalg.norm(np.subtract(part.end, part.start)) for part in (upper, lower)])
    assert lengths[0] == pytest.approx(lengths[1])
    assert gesture == "swing" or np.linalg.norm(hands[0] - hands[1]) > 0.02


def test_a_pram_takes_both_hands_and_an_umbrella_one(person):
    rng = np.random.default_rng(0)
    assert sample_pose(replace(person, carried="pram"), 0.0, 1.0, rng).gestures == ("push", "push")
    held = sample_pose(replace(person, carried="umbrella", bag_side=1), 0.0, 1.0, rng).gestures
    assert held[1] == "hold" and held[0] != "hold"
