"""The embedded street as frames: people who never existed, drawn on demand, with the truth about them."""

from collections.abc import Iterator

import numpy as np

from src.frames.frame import Frame, Truth
from src.frames.mot import MotTable
from src.settings.errors import UserError

PREFIX = "synthetic:"
CLEAR = 0.3  # a person of whom less than this share is seen is neither to be found nor a false alarm


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
        from src.synthetic.scene import Scene  # here: drawing people loads a good deal that a video does not need

        self._scene = Scene(seed=seed) if frames is None else Scene(seed=seed, frames=frames)
        self._scene.frames = min(self._scene.frames, max_frames or self._scene.frames)
        self.skipped: list[str] = []
        self.frames_per_second: float | None = self._scene.frames_per_second
        truth = self._scene.truth()
        clear = (truth.visibility >= CLEAR).astype(np.float32)
        self.truth: Truth | None = MotTable(truth.frame, truth.person_id, truth.boxes_xyxy, clear)

    def __len__(self) -> int:
        return len(self._scene)

    def __iter__(self) -> Iterator[Frame]:
        for index in range(len(self)):
            yield Frame(index, f"{index:06d}", self._scene.render(index)[0])


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
