"""A calibrated threshold belongs to one weights file, one model and one metric."""

from dataclasses import replace
from pathlib import Path

import pytest

from learning_reid.embedding.operating_point import (
    OperatingPoint,
    find_threshold,
    load_operating_point,
    operating_point_file,
    write_operating_point,
)
from learning_reid.errors import UserError
from learning_reid.zoo.checksums import sha256_of


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    file = tmp_path / "mine.pth"
    file.write_bytes(b"weights")
    return file


@pytest.fixture
def point(weights: Path) -> OperatingPoint:
    return OperatingPoint(
        "osnet_x0_25", sha256_of(weights), "cosine", 0.4, 0.2, 0.01, 0.009, 0.6, 0.2, 0.1, 0.1, 0.08, 0.5, 99, [5, 5],
        "folder abc", 0,
    )  # fmt: skip


def test_written_file_is_read_back(weights: Path, point: OperatingPoint) -> None:
    assert operating_point_file(weights).name == "mine.pth.threshold.yml"
    write_operating_point(operating_point_file(weights), point)
    assert load_operating_point("osnet_x0_25", str(weights), "cosine") == point


def test_missing_calibration_raises_with_the_command(weights: Path) -> None:
    with pytest.raises(UserError, match="no threshold was calibrated .* main.py calibrate --embedder osnet_x0_25"):
        load_operating_point("osnet_x0_25", str(weights), "cosine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": "euclidean"}, "for the metric euclidean, not cosine"),
        ({"embedder": "osnet_x1_0"}, "for the model osnet_x1_0, not osnet_x0_25"),
        ({"weights_sha256": "0" * 64}, r"for the weights \(sha256\) 000"),
    ],
)
def test_threshold_of_something_else_raises(change: dict, message: str, weights: Path, point: OperatingPoint) -> None:
    write_operating_point(operating_point_file(weights), replace(point, **change))
    with pytest.raises(UserError, match=message) as error:
        load_operating_point("osnet_x0_25", str(weights), "cosine")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", ["pair_threshold: 0.4\n", "[1, 2]\n", "a: b: c\n", ""])
def test_damaged_file_raises(content: str, weights: Path) -> None:
    operating_point_file(weights).write_text(content)
    with pytest.raises(UserError, match=r"mine\.pth\.threshold\.yml"):
        load_operating_point("osnet_x0_25", str(weights), "cosine")


def test_unwritable_file_raises(point: OperatingPoint, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write_operating_point(tmp_path / "missing" / "a.yml", point)


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
