"""A synthetic street to which people return, its recordings and a plot of visits, for the lesson on stores."""

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
from reid_synth.world.camera_view import concat_truth
from reid_synth.world.trips import Trip
from reid_synth.world.world import SPACING_M, World, WorldPlan

CAMERAS = ("west", "middle", "east")
_RETURN_OFFSET_M = 3.0
_PALETTE = plt.get_cmap("tab10")


def create_returning_world(seed: int, people: int, frames: int, frames_per_second: float) -> World:
    """Create a street with three cameras on which every second group turns round between two cameras and returns."""
    world = World(seed, WorldPlan(len(CAMERAS), people, frames, frames_per_second))
    trips: list[Trip] = []
    for number, (_, group) in enumerate(groupby(world.trips, key=lambda trip: id(trip.path))):
        trips += [_add_return(trip, world.plan) if number % 2 else trip for trip in group]
    world.trips = trips
    return world


def _add_return(trip: Trip, plan: WorldPlan) -> Trip:
    """Cut a trip at the unseen point nearest to its position at half-time, and add the way back on another line."""
    halfway = np.interp(trip.start_m + trip.speed * plan.duration_s / 2, trip.distance_m, trip.path[:, 0])
    unseen = (np.arange(plan.cameras + 1) - 0.5) * SPACING_M
    turn_x = unseen[np.abs(unseen - halfway).argmin()]
    sense = np.sign(trip.path[-1, 0] - trip.path[0, 0])
    out = trip.path[sense * (trip.path[:, 0] - turn_x) < 0]
    back = out[::-1] - [0, np.copysign(_RETURN_OFFSET_M, out[-1, 1])]
    path = np.concatenate([out, back, back[-1:] - [sense * SPACING_M, 0]])
    distance_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return replace(trip, path=path, distance_m=distance_m)


def render_cameras(world: World, folder: Path) -> dict[str, MotTable]:
    """Render a street into one folder of JPEG files per camera.

    Returns:
        Ground truth by camera: who is where in which frame.
    """
    truth: dict[str, MotTable] = {}
    with tqdm(total=world.plan.cameras * world.plan.frames, desc="filming", unit="frame") as bar:
        for number, name in enumerate(CAMERAS):
            (folder / name).mkdir()
            view = world.view(number)
            labels: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
            for index in range(world.plan.frames):
                image, *seen = view.render(index)
                (folder / name / f"{index:04d}.jpg").write_bytes(encode_jpeg(image))
                labels.append((seen[0], seen[1], seen[2]))
                bar.update()
            truth[name] = truth_table(concat_truth(labels))
    return truth


def number_visits(person: np.ndarray, camera: np.ndarray, time_s: np.ndarray, gap_s: float = 5.0) -> np.ndarray:
    """Number the visits: stays of a person before one camera without a gap longer than `gap_s`.

    Args:
        person: (n,) int person of each detection; negative = unknown.
        camera: (n,) int camera of each detection.
        time_s: (n,) time in seconds.
        gap_s: Longest gap within a visit, in seconds.

    Returns:
        (n,) int64 visit of each detection, from 0 in the order of person, camera and time; -1 for unknown persons.

    >>> number_visits(
    ...     np.array([1, 1, 1, -1, 1]), np.array([0, 0, 1, 1, 0]), np.array([0.0, 2.0, 3.0, 3.0, 9.0])
    ... ).tolist()
    [0, 0, 2, -1, 1]
    """
    order = np.lexsort((time_s, camera, person))
    order = order[person[order] >= 0]
    new = (np.diff(person[order]) != 0) | (np.diff(camera[order]) != 0) | (np.diff(time_s[order]) > gap_s)
    numbers = np.full(len(person), -1, np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(new)])[: len(order)]
    return numbers


def draw_visits(
    axes: Axes, person: np.ndarray, camera: np.ndarray, time_s: np.ndarray, color: np.ndarray, cameras: Sequence[str]
) -> None:
    """Draw a row for each person with a lane for each camera, and a bar in it for each visit.

    Args:
        axes: Axes to draw into.
        person: (n,) int person of each detection; negative = unknown, not drawn.
        camera: (n,) int camera of each detection, an index into `cameras`.
        time_s: (n,) time in seconds.
        color: (n,) int color of each detection, of which a bar takes the most frequent; negative = grey.
        cameras: Names of the cameras.
    """
    visit = number_visits(person, camera, time_s)
    height = 0.8 / len(cameras)
    for number in range(int(visit.max(initial=-1)) + 1):
        chosen = visit == number
        row, lane = int(person[chosen][0]), int(camera[chosen][0])
        colors, count = np.unique(color[chosen], return_counts=True)
        most_frequent, start = int(colors[count.argmax()]), float(time_s[chosen].min())
        axes.barh(
            row + (lane - (len(cameras) - 1) / 2) * height,
            max(float(time_s[chosen].max()) - start, 0.5),
            height,
            start,
            color=_PALETTE(most_frequent % _PALETTE.N) if most_frequent >= 0 else "lightgrey",
        )
    for row in range(int(person.max(initial=-1)) + 2):
        axes.axhline(row - 0.5, color="lightgrey", linewidth=0.6)
    axes.grid(axis="y", visible=False)
    axes.set(yticks=range(int(person.max(initial=-1)) + 1), xlabel="seconds")
    axes.invert_yaxis()
