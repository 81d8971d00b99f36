"""The synthetic street as frames, rendered on demand, with ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.frames.mot import MotTable

if TYPE_CHECKING:
    from reid_synth.world.camera_view import SceneTruth

PREFIX = "synthetic:"
MIN_VISIBILITY = 0.2  # below this visible share a person is neither to be found nor a false positive


def is_synthetic(name: str) -> bool:
    """Return whether a source's name means a synthetic scene rather than a file or folder.

    >>> is_synthetic("synthetic:7"), is_synthetic("synthetic footage")
    (True, False)
    """
    return name.startswith(PREFIX) or name == PREFIX.rstrip(":")


class SyntheticFrames:
    """A synthetic scene, named `synthetic:SEED` or `synthetic:SEED:FRAMES`.

    Args:
        name: The scene; the same name always gives the same images.
        max_frames: Stop after so many frames.

    Raises:
        UserError: The name has another form.
    """

    def __init__(self, name: str, max_frames: int | None = None) -> None:
        seed, frames = parse_scene_name(name)
        from reid_synth.world.scene import Scene  # imported late: rendering is slow to import and a video needs none

        self._scene = Scene(seed=seed) if frames is None else Scene(seed=seed, frames=frames)
        self._scene.frames = min(self._scene.frames, max_frames or self._scene.frames)
        self.skipped: list[str] = []
        self.frames_per_second: float | None = self._scene.frames_per_second
        self.truth: MotTable | None = truth_table(self._scene.truth())

    def __len__(self) -> int:
        return len(self._scene)

    @property
    def numbers(self) -> range:
        """The frames' numbers in MOT files."""
        return range(1, len(self) + 1)

    def __iter__(self) -> Iterator[Frame]:
        for index in range(len(self)):
            yield self.at(index)

    def at(self, index: int) -> Frame:
        """Render the frame with this index.

        Raises:
            UserError: The scene is shorter.
        """
        if not 0 <= index < len(self):
            raise UserError(f"the scene has {len(self)} frames, counted from 0, and no frame {index}")
        return Frame(index, f"{index:06d}", self._scene.render(index)[0])


def truth_table(truth: SceneTruth) -> MotTable:
    """Convert ground truth to a MOT table; people below `MIN_VISIBILITY` get confidence 0."""
    visible = (truth.visibility >= MIN_VISIBILITY).astype(np.float32)
    return MotTable(truth.frame, truth.person_id, truth.boxes_xyxy, visible)


def parse_scene_name(name: str) -> tuple[int, int | None]:
    """Return seed and number of frames of a scene's name; None means the scene's default length.

    >>> parse_scene_name("synthetic:7"), parse_scene_name("synthetic:7:30")
    ((7, None), (7, 30))

    Raises:
        UserError: The name is not of the form `synthetic:SEED` or `synthetic:SEED:FRAMES`.
    """
    numbers = name.removeprefix(PREFIX).split(":")
    if len(numbers) > 2 or not all(number.isascii() and number.isdigit() for number in numbers) or numbers[1:] == ["0"]:
        raise UserError(
            f"{name!r} is not a synthetic scene; write synthetic:SEED or synthetic:SEED:FRAMES, for example synthetic:7"
        )
    return int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else None
