"""Fingerprints of protocols, and their random draws."""

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.stats import chisquare

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.protocol import PROTOCOLS
from tests.learning_reid.metrics.slow_reference import random_task

SINGLE_SHOT = PROTOCOLS["cuhk03-single-shot"]
OTHER = {"competing": "own camera", "removes": "same picture", "every_match": True}


def test_each_protocol_is_listed_under_its_name_with_one_line() -> None:
    assert set(PROTOCOLS) == {"market1501", "cuhk03-single-shot", "all-shots", "self-only", "single-camera"}
    for name, protocol in PROTOCOLS.items():
        assert protocol.name == name and protocol.definition and "\n" not in protocol.definition


def test_a_fingerprint_changes_with_every_field_and_with_the_data() -> None:
    market = PROTOCOLS["market1501"]
    fingerprints = {market.fingerprint("data"), market.fingerprint("other data")}
    for field in fields(market):
        value = getattr(market, field.name)
        changed = OTHER.get(field.name, value + ("x" if isinstance(value, str) else 1))
        fingerprints.add(replace(market, **{field.name: changed}).fingerprint("data"))
    assert len(fingerprints) == 2 + len(fields(market))
    assert all(len(text) == 8 and int(text, 16) >= 0 for text in fingerprints)
    assert market.fingerprint("data") == replace(market).fingerprint("data")
    assert len({protocol.fingerprint("data") for protocol in PROTOCOLS.values()}) == len(PROTOCOLS)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_query_is_in_exactly_one_group(name: str) -> None:
    task = random_task(1, cameras=4)
    groups = list(PROTOCOLS[name].query_groups(task.query, task.gallery))
    assert sorted(np.concatenate([rows for rows, _ in groups])) == list(range(len(task.query)))
    assert all(len(draws) == max(1, PROTOCOLS[name].repeats) for _, draws in groups)


@pytest.mark.parametrize("seed", range(3))
def test_a_draw_has_one_image_per_person_of_other_cameras_and_every_distractor(seed: int) -> None:
    task = random_task(seed, cameras=4)
    person, camera = task.gallery.person, task.gallery.camera
    for rows, draws in SINGLE_SHOT.query_groups(task.query, task.gallery):
        (own,) = np.unique(task.query.camera[rows])
        others = [g for g in range(len(person)) if camera[g] != own]
        for drawn in draws:
            assert set(drawn) <= set(others) and len(set(drawn)) == len(drawn)
            known = [person[g] for g in drawn if person[g] >= 0]
            assert sorted(known) == sorted({person[g] for g in others if person[g] >= 0})
            assert [g for g in drawn if person[g] < 0] == [g for g in others if person[g] < 0]
    assert (person < 0).sum() > 1  # or the last line shows nothing


def test_draws_are_uniform() -> None:
    gallery = Labels.of([1, 1, 1, 2, 2, 2, 2, -1], [1, 2, 3, 1, 1, 2, 3, 1])
    ((_, draws),) = replace(SINGLE_SHOT, repeats=3000).query_groups(Labels.of([1], [0]), gallery)
    times = np.bincount(np.concatenate(draws), minlength=8)
    assert times[7] == 3000
    assert chisquare(times[:3]).pvalue > 1e-3 and chisquare(times[3:7]).pvalue > 1e-3
    together = np.zeros((3, 4))
    for drawn in draws:
        together[drawn[0], drawn[1] - 3] += 1
    assert chisquare(together.ravel()).pvalue > 1e-3  # the choices are independent of each other


def test_draws_are_seeded_and_differ_between_repeats_seeds_and_cameras() -> None:
    gallery = Labels.of(np.repeat(np.arange(20), 6), np.full(120, 5))
    query = Labels.of([1, 1], [0, 1])

    def all_draws(seed: int) -> list[list[int]]:
        groups = replace(SINGLE_SHOT, seed=seed).query_groups(query, gallery)
        return [drawn.tolist() for _, draws in groups for drawn in draws]

    assert all_draws(0) == all_draws(0)
    assert len({tuple(drawn) for drawn in all_draws(0) + all_draws(1)}) == 40


def test_more_repeats_extend_fewer_repeats() -> None:
    task = random_task(2)
    few, many = (list(replace(SINGLE_SHOT, repeats=n).query_groups(task.query, task.gallery)) for n in (2, 5))
    for (_, short), (_, long) in zip(few, many, strict=True):
        assert [drawn.tolist() for drawn in short] == [drawn.tolist() for drawn in long[:2]]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("market1501", [False, False, True]),
        ("all-shots", [False, False, True]),
        ("self-only", [False, True, True]),
        ("single-camera", [False, True, True]),
    ],
)
def test_which_images_of_the_person_are_true_matches(name: str, kept: list[bool]) -> None:
    gallery = Labels.of([9, 1, 1, 1], [1, 1, 1, 2], [-1, 7, 8, 9])
    own = np.array([1, 2, 3])
    assert PROTOCOLS[name].keeps(Labels.of([1], [1], [7]), 0, gallery, own).tolist() == kept
    if name in ("self-only", "single-camera"):  # without a number no image is the query itself
        unnumbered = Labels.of([9, 1, 1, 1], [1, 1, 1, 2])
        assert PROTOCOLS[name].keeps(Labels.of([1], [1]), 0, unnumbered, own).all()


def test_negative_camera_numbers() -> None:
    list(SINGLE_SHOT.query_groups(Labels.of([1], [-1]), Labels.of([1], [2])))
