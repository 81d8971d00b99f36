"""A calibrated threshold belongs to one weights file, one model and one metric."""

from dataclasses import replace
from pathlib import Path

import pytest

from learning_reid.embedding.operating_point import (
    OperatingPoint,
    default_operating_point_file,
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
        "folder abc", 0, "2026-12-01",
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
    assert (search.data, search.date) == (point.data, point.date)
    for found, noun in ((search, "people"), (pairs, "pairs")):
        assert all(text in found.note for text in (point.data, point.date, "reid.safetensors.threshold.yml", noun))


def test_without_a_calibration_the_result_is_none_unless_it_is_required(tmp_path: Path) -> None:
    weights = tmp_path / "a.pt"
    weights.write_bytes(b"weights")
    assert find_threshold("osnet_x0_25", str(weights), "euclidean") is None
    with pytest.raises(UserError, match="no threshold was calibrated"):
        find_threshold("osnet_x0_25", str(weights), "euclidean", required=True)


def test_file_of_an_earlier_version_has_no_date(weights: Path, point: OperatingPoint) -> None:
    file = operating_point_file(weights)
    write_operating_point(file, point)
    file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith("date")))
    found = find_threshold("osnet_x0_25", str(weights), "cosine")
    assert found is not None and found.origin == f"calibrated on folder abc ({file})"


@pytest.mark.parametrize("shared", ["read-only", "writable by all", "writable by a group", "of the package"])
def test_calibration_for_a_shared_folder_goes_to_the_own_folder_and_is_found(
    shared: str, weights: Path, point: OperatingPoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNING_REID_HOME", str(tmp_path / "own"))
    assert default_operating_point_file(weights) == operating_point_file(weights)
    write_operating_point(operating_point_file(weights), point)
    if shared == "read-only":
        monkeypatch.setattr("os.access", lambda *_: False)  # a mode would not stop root
    elif shared == "of the package":
        monkeypatch.setattr("learning_reid.embedding.operating_point.PACKAGE", tmp_path)
    else:
        tmp_path.chmod(0o777 if shared == "writable by all" else 0o2770)
    own = default_operating_point_file(weights)
    assert own.parent == tmp_path / "own/data/thresholds" and own.name.startswith("mine.pth.")
    own.parent.mkdir(parents=True)
    write_operating_point(own, replace(point, search_threshold=0.3))
    found = find_threshold("osnet_x0_25", str(weights), "cosine")
    assert found is not None and (found.distance, found.file) == (0.3, own)
    weights.write_bytes(b"other weights")
    with pytest.raises(UserError, match=r"mine\.pth\.threshold\.yml was calibrated for the weights"):
        find_threshold("osnet_x0_25", str(weights), "cosine")


def test_named_file_is_used_only_for_its_weights(weights: Path, point: OperatingPoint, tmp_path: Path) -> None:
    file = tmp_path / "named.yml"
    write_operating_point(file, point)
    found = find_threshold("osnet_x0_25", str(weights), "cosine", file=file)
    assert found is not None and found.distance == point.search_threshold
    assert find_threshold("osnet_x0_25", str(weights), "cosine") is None
    weights.write_bytes(b"other weights")
    with pytest.raises(UserError, match=r"named\.yml was calibrated for the weights"):
        find_threshold("osnet_x0_25", str(weights), "cosine", file=file)
