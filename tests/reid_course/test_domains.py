"""Datasets in memory, and short training runs on them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.datasets.layouts import open_dataset
from learning_reid.models.osnet import OSNet, Variant
from reid_course.domains import Domain, Style, concat_domains, mean_ap, open_domain, restyle, train_network

CROP = np.random.default_rng(0).integers(60, 180, (32, 16, 3), dtype=np.uint8)


@pytest.fixture
def domain(generated_market: Path) -> Domain:
    return open_domain(open_dataset("market1501", generated_market), Style(), (64, 32))


def test_the_default_style_changes_nothing() -> None:
    np.testing.assert_array_equal(restyle(CROP, Style()), CROP)


def test_a_style_shifts_scales_and_blurs() -> None:
    assert restyle(CROP, Style(light=20)).mean() == pytest.approx(CROP.mean() + 20, abs=0.1)
    assert restyle(CROP, Style(contrast=0.5)).std() == pytest.approx(CROP.std() / 2, rel=0.05)
    assert restyle(CROP, Style(blur=2)).std() < CROP.std() / 1.2
    red, _, blue = restyle(CROP, Style(gains=(1.2, 1, 0.8))).mean(axis=(0, 1)) - CROP.mean(axis=(0, 1))
    assert red > 0 > blue


def test_train_and_test_persons_of_a_domain_differ(domain: Domain) -> None:
    assert domain.train_images.shape == (16, 3, 64, 32)
    assert len(np.unique(domain.train_labels.person)) == 4
    assert len(domain.split.persons) == 8
    assert len(domain.test_images) == len(domain.split.samples)


def test_the_same_seed_chooses_the_same_persons(generated_market: Path) -> None:
    crops = open_dataset("market1501", generated_market)
    some = [open_domain(crops, Style(), (64, 32), max_persons=2, seed=5) for _ in range(2)]
    assert len(np.unique(some[0].train_labels.person)) == len(some[0].split.persons) == 2
    assert list(some[0].split.persons) == list(some[1].split.persons)
    torch.testing.assert_close(some[0].train_images, some[1].train_images)


def test_concatenated_domains_have_separate_persons_and_cameras(domain: Domain) -> None:
    images, persons, cameras = concat_domains([domain, domain])
    assert len(images) == len(persons) == len(cameras) == 32
    assert len(np.unique(persons)) == 8
    assert len(np.unique(cameras)) == 4


def test_training_is_reproducible(domain: Domain) -> None:
    networks, steps = [], []
    for _ in range(2):
        torch.manual_seed(0)
        network = OSNet(Variant(0.25))
        networks.append(train_network(network, [domain], 3, seed=1, batch_size=8, after_step=lambda: steps.append(1)))
    assert len(steps) == 6
    assert not networks[0].training
    first, second = (mean_ap(network, domain) for network in networks)
    assert first == second
    assert 0 < first <= 1
