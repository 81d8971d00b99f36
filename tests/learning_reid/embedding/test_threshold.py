"""The one lookup of calibrated thresholds."""

from pathlib import Path

import pytest

from learning_reid.embedding.operating_point import load_operating_point
from learning_reid.embedding.threshold import find_threshold
from learning_reid.errors import UserError


def test_thresholds_of_the_embedded_weights() -> None:
    point = load_operating_point("osnet_x0_25", "embedded", "euclidean")
    search = find_threshold("osnet_x0_25", "embedded", "euclidean")
    pairs = find_threshold("osnet_x0_25", "embedded", "euclidean", pairs=True, required=True)
    assert search is not None and pairs is not None
    assert (search.distance, pairs.distance) == (point.search_threshold, point.pair_threshold)
    assert (pairs.accepted_correctly, pairs.accepted_wrongly) == (point.pair_tar, point.pair_far)
    assert (search.accepted_correctly, search.accepted_wrongly) == (point.search_dir, point.search_far)
    assert (search.data, search.weights_sha256) == (point.data, point.weights_sha256)


def test_without_a_calibration_the_result_is_none_unless_it_is_required(tmp_path: Path) -> None:
    weights = tmp_path / "a.pt"
    weights.write_bytes(b"weights")
    assert find_threshold("osnet_x0_25", str(weights), "euclidean") is None
    with pytest.raises(UserError, match="no threshold was calibrated"):
        find_threshold("osnet_x0_25", str(weights), "euclidean", required=True)
