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
        self._frames = min(len(self._scene), max_frames or len(self._scene))
        self.skipped: list[str] = []
        self.frames_per_second: float | None = self._scene.frames_per_second
        self.truth: Truth | None = _mot_table(self._frames, *self._scene.truth())

    def __len__(self) -> int:
        return self._frames

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._frames):
            yield Frame(index, f"{index:06d}", self._scene.render(index)[0])


def _mot_table(
    frames: int, frame: np.ndarray, person_id: np.ndarray, boxes_xyxy: np.ndarray, visibility: np.ndarray
) -> MotTable:
    """The scene's truth in the form of a truth file, up to the last frame that is shown."""
    shown = frame < frames
    score = (visibility >= CLEAR).astype(np.float32)
    return MotTable(
        frame[shown].astype(np.int64),
        person_id[shown].astype(np.int64),
        boxes_xyxy[shown].astype(np.float32).reshape(-1, 4),
        score[shown],
    )


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
