"""The embedded street as frames: people who never existed, drawn on demand, with the truth about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame, Truth
from learning_reid.frames.mot import MotTable

if TYPE_CHECKING:
    from reid_synth.world.view import SceneTruth

PREFIX = "synthetic:"
CLEAR = 0.2  # a person of whom less than this share is seen is neither to be found nor a false alarm


def is_generated(name: str) -> bool:
    """Whether a source's name means a generated scene, and not a file or folder.

    >>> is_generated("synthetic:7"), is_generated("synthetic footage")
    (True, False)
    """
    return name.startswith(PREFIX) or name == PREFIX.rstrip(":")


class SyntheticFrames:
    """A generated scene, named `synthetic:SEED` or `synthetic:SEED:FRAMES`.

    Args:
        name: The scene; the same name always gives the same pictures.
        max_frames: Stop after so many frames.

    Raises:
        UserError: The name is not of that form.
    """

    def __init__(self, name: str, max_frames: int | None = None) -> None:
        seed, frames = parse_name(name)
        from reid_synth.world.scene import Scene  # here: drawing people loads a good deal that a video does not need

        self._scene = Scene(seed=seed) if frames is None else Scene(seed=seed, frames=frames)
        self._scene.frames = min(self._scene.frames, max_frames or self._scene.frames)
        self.skipped: list[str] = []
        self.frames_per_second: float | None = self._scene.frames_per_second
        self.truth: Truth | None = truth_table(self._scene.truth())

    def __len__(self) -> int:
        return len(self._scene)

    def __iter__(self) -> Iterator[Frame]:
        for index in range(len(self)):
            yield self.at(index)

    def at(self, index: int) -> Frame:
        """The frame of this index, drawn.

        Raises:
            UserError: the scene is shorter.
        """
        if not 0 <= index < len(self):
            raise UserError(f"the scene has {len(self)} frames, counted from 0, and no frame {index}")
        return Frame(index, f"{index:06d}", self._scene.render(index)[0])


def truth_table(truth: SceneTruth) -> MotTable:
    """The truth as a MOT table, where those of whom too little is seen have confidence 0."""
    clear = (truth.visibility >= CLEAR).astype(np.float32)
    return MotTable(truth.frame, truth.person_id, truth.boxes_xyxy, clear)


def parse_name(name: str) -> tuple[int, int | None]:
    """Seed and number of frames of a scene's name; None where the scene's own length is meant.

    >>> parse_name("synthetic:7"), parse_name("synthetic:7:30")
    ((7, None), (7, 30))

    Raises:
        UserError: The name is not of the form `synthetic:SEED` or `synthetic:SEED:FRAMES`.
    """
    numbers = name.removeprefix(PREFIX).split(":")
    if len(numbers) > 2 or not all(number.isascii() and number.isdigit() for number in numbers) or numbers[1:] == ["0"]:
        raise UserError(
            f"{name!r} is no synthetic scene; write synthetic:SEED or synthetic:SEED:FRAMES, as synthetic:7"
        )
    return int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else None
