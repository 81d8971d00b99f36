"""The synthetic scene as a source of frames, mostly with a fake scene."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from learning_reid.errors import UserError
from learning_reid.frames.frame import FrameSource
from learning_reid.frames.sources import open_frames
from learning_reid.frames.synthetic import parse_scene_name
from reid_synth.world.scene import Scene


class FakeScene:
    """Two people; the second becomes more and more occluded."""

    frames_per_second = 7.0

    def __init__(self, seed: int, frames: int = 6) -> None:
        self.seed, self.frames = seed, frames

    def __len__(self) -> int:
        return self.frames

    def render(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        image = np.full((9, 16, 3), 10 * self.seed + index, np.uint8)
        return image, np.array([1, 2]), self._boxes(index), np.array([1, 1 - index / 5])

    def truth(self) -> SimpleNamespace:
        frame = np.repeat(np.arange(self.frames), 2)
        return SimpleNamespace(
            frame=frame,
            person_id=np.tile([1, 2], self.frames),
            boxes_xyxy=np.concatenate([self._boxes(index) for index in range(self.frames)]),
            visibility=np.where(np.arange(len(frame)) % 2, 1 - frame / 5, 1),
        )

    @staticmethod
    def _boxes(index: int) -> np.ndarray:
        return np.array([[index, 1, index + 3, 8], [9, 1, 12, 8]], np.float32)


@pytest.fixture
def fake_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("reid_synth.world.scene")
    module.Scene = FakeScene  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "reid_synth.world.scene", module)


@pytest.mark.usefixtures("fake_scene")
def test_frames_come_in_order_and_again() -> None:
    source: FrameSource = open_frames("synthetic:7")
    assert len(source) == 6 and source.frames_per_second == 7 and source.skipped == []
    for _ in range(2):
        frames = list(source)
        assert [frame.index for frame in frames] == list(range(6))
        assert [int(frame.image[0, 0, 0]) for frame in frames] == [70, 71, 72, 73, 74, 75]


@pytest.mark.usefixtures("fake_scene")
def test_length_from_the_name_and_from_max_frames() -> None:
    assert len(open_frames("synthetic:7:4")) == 4
    assert len(list(open_frames("synthetic:7:4", max_frames=2))) == 2
    assert len(open_frames("synthetic:7:4", max_frames=9)) == 4


@pytest.mark.usefixtures("fake_scene")
def test_truth_covers_the_frames_and_ignores_occluded_people() -> None:
    truth = open_frames("synthetic:7", max_frames=5).truth
    assert truth is not None and len(truth) == 10
    assert truth.frame.max() == 4
    assert truth.at(2).boxes_xyxy.tolist() == [[2, 1, 5, 8], [9, 1, 12, 8]]
    assert truth.at(3).score.tolist() == [1, 1]  # 40 % of the second person is visible
    assert truth.at(4).score.tolist() == [1, 0]  # just under 20 %


def test_frames_and_truth_equal_the_scene() -> None:
    source = open_frames("synthetic:3:40", max_frames=2)
    frames, truth = list(source), source.truth
    assert truth is not None and len(source) == len(frames) == 2
    assert truth.boxes_xyxy.dtype == np.float32 and truth.frame.dtype == truth.person_id.dtype == np.int64
    scene = Scene(3)
    for frame, again in zip(frames, source, strict=True):
        image, person_ids, boxes_xyxy, visibility = scene.render(frame.index)
        rows = truth.at(frame.index)
        assert np.array_equal(frame.image, again.image) and np.array_equal(frame.image, image)
        assert np.array_equal(rows.person_id, person_ids) and np.array_equal(rows.boxes_xyxy, boxes_xyxy)
        assert np.array_equal(rows.score, visibility >= 0.2)


@pytest.mark.parametrize(
    "name",
    ["synthetic", "synthetic:", "synthetic:x", "synthetic:-1", "synthetic:1:0", "synthetic:1:", "synthetic:1:2:3"],
)
def test_invalid_names_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="write synthetic:SEED or synthetic:SEED:FRAMES"):
        open_frames(name)


def test_parse_scene_name() -> None:
    assert parse_scene_name("synthetic:12:34") == (12, 34)
