"""What the lesson on stores looks at: a filmed street on which people come back, and lanes of who was where when."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from tqdm.auto import tqdm

from learning_reid.frames.mot import MotTable
from learning_reid.frames.synthetic import truth_table
from reid_synth.datasets.atomic_folder import encode_jpeg
from reid_synth.world.trips import Trip
from reid_synth.world.camera_view import concat_truth
from reid_synth.world.world import SPACING_M, World, WorldPlan

CAMERAS = ("west", "middle", "east")
_OTHER_LANE_M = 3.0
_PALETTE = plt.get_cmap("tab10")


def create_returning_world(seed: int, people: int, frames: int, frames_per_second: float) -> World:
    """A street with three cameras on which every second company turns round where nobody sees it, and walks back."""
    world = World(seed, WorldPlan(len(CAMERAS), people, frames, frames_per_second))
    trips: list[Trip] = []
    for number, (_, company) in enumerate(groupby(world.trips, key=lambda trip: id(trip.path))):
        trips += [_and_back(trip, world.plan) if number % 2 else trip for trip in company]
    world.trips = trips
    return world


def _and_back(trip: Trip, plan: WorldPlan) -> Trip:
    """A trip as far as the unseen place that is nearest to where it is at half-time, and back in another lane."""
    halfway = np.interp(trip.start_m + trip.speed * plan.duration_s / 2, trip.distance_m, trip.path[:, 0])
    unseen = (np.arange(plan.cameras + 1) - 0.5) * SPACING_M
    turn_x = unseen[np.abs(unseen - halfway).argmin()]
    sense = np.sign(trip.path[-1, 0] - trip.path[0, 0])
    out = trip.path[sense * (trip.path[:, 0] - turn_x) < 0]
    back = out[::-1] - [0, np.copysign(_OTHER_LANE_M, out[-1, 1])]
    path = np.concatenate([out, back, back[-1:] - [sense * SPACING_M, 0]])
    distance_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return replace(trip, path=path, distance_m=distance_m)


def film(world: World, folder: Path) -> dict[str, MotTable]:
    """Photograph a street into a folder of JPEG files for each of its cameras.

    Returns:
        By camera: the truth that no real store has, who is where in which frame.
    """
    truth: dict[str, MotTable] = {}
    with tqdm(total=world.plan.cameras * world.plan.frames, desc="filming", unit="frame") as bar:
        for number, name in enumerate(CAMERAS):
            (folder / name).mkdir()
            view = world.view(number)
            told: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
            for index in range(world.plan.frames):
                image, *seen = view.render(index)
                (folder / name / f"{index:04d}.jpg").write_bytes(encode_jpeg(image))
                told.append((seen[0], seen[1], seen[2]))
                bar.update()
            truth[name] = truth_table(concat_truth(told))
    return truth


def visits(person: np.ndarray, camera: np.ndarray, time_s: np.ndarray, gap_s: float = 5.0) -> np.ndarray:
    """Number the visits: somebody in the picture of one camera, unseen by it for no longer than a gap.

    Args:
        person: (n,) int, of each detection; negative = nobody.
        camera: (n,) int.
        time_s: (n,) seconds.
        gap_s: whoever is not seen for longer has left.

    Returns:
        (n,) int64, from 0, in order of person, camera and time; -1 for nobody's.

    >>> visits(np.array([1, 1, 1, -1, 1]), np.array([0, 0, 1, 1, 0]), np.array([0.0, 2.0, 3.0, 3.0, 9.0])).tolist()
    [0, 0, 2, -1, 1]
    """
    order = np.lexsort((time_s, camera, person))
    order = order[person[order] >= 0]
    who, where, when = person[order], camera[order], time_s[order]
    new = (np.diff(who) != 0) | (np.diff(where) != 0) | (np.diff(when) > gap_s)
    numbers = np.full(len(person), -1, np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(new)])[: len(order)]
    return numbers


def draw_visits(
    axes: Axes, person: np.ndarray, camera: np.ndarray, time_s: np.ndarray, colour: np.ndarray, cameras: Sequence[str]
) -> None:
    """Draw a row for each person with a lane for each camera, and in it a bar for each visit.

    Args:
        axes: to draw into.
        person: (n,) int, of each detection; negative = nobody, who is left out.
        camera: (n,) int, rows of `cameras`.
        time_s: (n,) seconds.
        colour: (n,) int; the commonest of a visit says its colour, negative = grey.
        cameras: their names.
    """
    visit = visits(person, camera, time_s)
    thick = 0.8 / len(cameras)
    for number in range(int(visit.max(initial=-1)) + 1):
        here = visit == number
        who, where = int(person[here][0]), int(camera[here][0])
        kinds, count = np.unique(colour[here], return_counts=True)
        kind, start = int(kinds[count.argmax()]), float(time_s[here].min())
        axes.barh(
            who + (where - (len(cameras) - 1) / 2) * thick,
            max(float(time_s[here].max()) - start, 0.5),
            thick,
            start,
            color=_PALETTE(kind % _PALETTE.N) if kind >= 0 else "lightgrey",
        )
    for row in range(int(person.max(initial=-1)) + 2):
        axes.axhline(row - 0.5, color="lightgrey", linewidth=0.6)
    axes.grid(axis="y", visible=False)
    axes.set(yticks=range(int(person.max(initial=-1)) + 1), xlabel="seconds")
    axes.invert_yaxis()
