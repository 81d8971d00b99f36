"""Embedding samples, and embeddings in files."""

from pathlib import Path

import numpy as np
import pytest

from learning_reid.datasets.embeddings import embed_samples, load_embeddings, sample_name, save_embeddings
from learning_reid.datasets.layouts import open_dataset
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_market


class CountingEmbedder:
    """Embeds a crop as its mean color, and counts crops."""

    dimension = 3

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, crops: list[np.ndarray]) -> np.ndarray:
        self.seen += len(crops)
        return np.array([crop.mean(axis=(0, 1)) for crop in crops], np.float32)


def test_a_repeated_sample_is_embedded_once(tmp_path: Path) -> None:
    crops = open_dataset("market1501", write_market(tmp_path))
    samples, network = [*crops.samples, *crops.samples[:3]], CountingEmbedder()
    features = embed_samples(samples, network)
    assert network.seen == len(crops.samples)
    np.testing.assert_array_equal(features[-3:], features[:3])
    save_embeddings(tmp_path / "f.npz", samples, features, crops)
    np.testing.assert_array_equal(load_embeddings(tmp_path / "f.npz", samples[::-1], crops), features[::-1])
    assert sample_name(crops.samples[0], crops).startswith("bounding_box_train/")


def test_a_link_has_its_own_name_and_not_its_targets(tmp_path: Path) -> None:
    market = write_market(tmp_path / "market")
    for number, image in enumerate(sorted(market.rglob("*.jpg"))):  # as in DVC and git-annex
        blob = tmp_path / "blobs" / f"{number:02x}.jpg"
        blob.parent.mkdir(exist_ok=True)
        image.rename(blob)
        image.symlink_to(blob)
    (tmp_path / "linked").symlink_to(market)
    for root in (market, tmp_path / "linked"):
        crops = open_dataset("market1501", root)
        names = {sample_name(sample, crops) for sample in crops.samples}
        assert len(names) == 9 and "query/0003_c1s6_015971_00.jpg" in names


def test_zero_embeddings_are_refused(tmp_path: Path) -> None:
    crops = open_dataset("market1501", write_market(tmp_path))
    broken = CountingEmbedder()
    broken.__class__ = type("Broken", (CountingEmbedder,), {"__call__": lambda self, crops: np.zeros((len(crops), 3))})
    with pytest.raises(UserError, match="the model: the embeddings of .* are all zero"):
        embed_samples(crops.samples, broken)
