"""`synth`: a scene with its truth, labelled crops, the same bytes for the same seed, and nothing overwritten."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from src.frames.mot import read_mot
from src.frames.open import open_frames
from src.reid_data.registry import open_crops


def synth(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(repository / "src" / "main.py"), "synth", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def tiny(repository, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("synth") / "tiny"
    done = synth(repository, "--out", str(folder), "--preset", "tiny", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert str(folder / "gt.txt") in done.stdout
    return folder


def test_the_scene_can_be_read_back_with_its_truth(tiny):
    frames = open_frames(tiny / "View_001")
    assert len(frames) == 12
    source, truth = open_frames("synthetic:3:12"), read_mot(tiny / "gt.txt")
    assert source.truth is not None
    assert np.allclose(truth.boxes_xyxy, source.truth.boxes_xyxy, atol=0.01)
    first, drawn = next(iter(frames)).image, next(iter(source)).image
    assert np.abs(first.astype(int) - drawn).mean() < 4  # JPEG keeps a picture nearly as it was


def test_the_crops_are_there(tiny):
    assert {path.name for path in (tiny / "market").iterdir()} == {"bounding_box_train", "query", "bounding_box_test"}


def test_the_faces_are_there(tiny):
    crops = open_crops("csv", tiny / "faces")
    assert {split: len(crops.of(split)) for split in ("train", "query", "gallery")} == {
        "train": 12,
        "query": 6,
        "gallery": 6,
    }


def test_what_was_written_is_told_line_by_line(repository, tmp_path):
    done = synth(repository, "--out", str(tmp_path / "told"), "--preset", "tiny")
    lines = [line.split() for line in done.stdout.strip().splitlines()]
    assert [line[:-1] for line in lines] == [["12", "frames"], ["truth"], ["102", "crops"], ["24", "faces"]]
    assert all(Path(line[-1]).exists() for line in lines)


def test_nothing_is_overwritten(repository, tiny):
    again = synth(repository, "--out", str(tiny), "--preset", "tiny")
    assert again.returncode == 1
    assert "already holds pictures" in again.stderr and len(again.stderr.strip().splitlines()) == 1


def test_an_unknown_preset_names_the_known_ones(repository, tmp_path):
    wrong = synth(repository, "--out", str(tmp_path), "--preset", "huge")
    assert wrong.returncode == 1
    assert wrong.stderr.strip() == "no preset 'huge': choose tiny, demo, class"
