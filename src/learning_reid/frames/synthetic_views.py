"""Several generated cameras on disk: a folder of pictures for each, with its truth and its calibration.

View_001/frame_0000.jpg …   the pictures, named as PETS2009 names them
View_001/gt.txt             who is where (MOT format); of confidence 0: of whom too little is seen to be found
View_001/calibration.yml    the camera, and the homography from the map that all views share to its pixels
View_002/…                  the same people under the same numbers
timetable.tsv               who is in which view from when to when
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml

from learning_reid.frames.mot import MotTable, mot_text
from learning_reid.frames.synthetic import truth_table
from reid_synth.datasets.atomic_folder import jpeg, save
from reid_synth.datasets.presets import Preset
from reid_synth.worker_pool import Crew
from reid_synth.world.view import View, as_truth
from reid_synth.world.world import World, WorldPlan

_AT_ONCE = 15  # frames that are one task
Shot = tuple[bytes, np.ndarray, np.ndarray, np.ndarray]  # a JPEG file; ids, boxes and visibility


def view_names(plan: WorldPlan) -> list[str]:
    """The folders of a world's cameras."""
    return [f"View_{number:03d}" for number in range(1, plan.cameras + 1)]


def write_views(
    folder: Path, preset: Preset, seed: int, crew: Crew, done: Callable[[], object] = lambda: None
) -> dict[str, MotTable]:
    """Write what all cameras of a preset's street see, in an existing folder.

    Args:
        folder: where the views' folders go.
        preset: its street.
        seed: same seed, same bytes.
        crew: who draws; how many they are changes nothing.
        done: called after each frame, for a progress bar.

    Returns:
        The truth of each view, by its name.

    Raises:
        OSError: something cannot be written.
    """
    world, frames = preset.stage(seed), preset.world.frames
    names, truths = view_names(preset.world), {}
    chunks = [(first, min(first + _AT_ONCE, frames)) for first in range(0, frames, _AT_ONCE)]
    tasks = [(preset, seed, index, *chunk) for index in range(len(names)) for chunk in chunks]
    told: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {name: [] for name in names}
    for (_, _, index, *_), shots in zip(tasks, crew.each(_shoot, tasks), strict=True):
        for picture, *truth in shots:
            rows = told[names[index]]
            save(folder, f"{names[index]}/frame_{len(rows):04d}.jpg", picture)
            rows.append((truth[0], truth[1], truth[2]))
            done()
    for index, name in enumerate(names):
        truths[name] = truth_table(as_truth(told[name]))
        save(folder, f"{name}/gt.txt", mot_text(truths[name]).encode())
        save(folder, f"{name}/calibration.yml", _calibration(world, index).encode())
    save(folder, "timetable.tsv", _timetable(world, names).encode())
    return truths


@lru_cache(maxsize=1)
def _view(preset: Preset, seed: int, index: int) -> View:
    return preset.stage(seed).view(index)


def _shoot(preset: Preset, seed: int, index: int, first: int, end: int) -> list[Shot]:
    shots = []
    for frame in range(first, end):
        image, ids, boxes, visibility = _view(preset, seed, index).render(frame)
        shots.append((jpeg(image), ids, boxes, visibility))
    return shots


def _calibration(world: World, index: int) -> str:
    post = world.posts[index]
    camera = post.camera
    values = {
        "width": camera.width,
        "height": camera.height,
        "frames_per_second": world.plan.frames_per_second,
        "focal_px": float(camera.focal_px),
        "height_m": float(camera.height_m),
        "tilt_rad": float(camera.tilt),
        "position_m": post.position_xy.tolist(),
        "yaw_rad": float(post.yaw),
        "ground_homography": camera.ground_homography.tolist(),
        "map_homography": post.homography.tolist(),
    }
    return _CALIBRATION_HEAD + yaml.safe_dump(values, sort_keys=False, default_flow_style=None)


_CALIBRATION_HEAD = """\
# A pinhole without distortion. On its own ground x is to its right and y ahead, in metres from its foot; the map that
# all views share has the camera's foot at position_m, and yaw_rad turns its axes into the camera's, anticlockwise.
# A homography takes (x, y, 1) to pixels (u, v, 1) times depth: ground_homography from the camera's own ground,
# map_homography from the map.
"""


def _timetable(world: World, names: list[str]) -> str:
    rows = [("person_id", "view", "enters_s", "leaves_s")]
    rows += [
        (str(visit.person_id), names[visit.camera], f"{visit.enters_s:.1f}", f"{visit.leaves_s:.1f}")
        for visit in world.timetable()
    ]
    return "".join("\t".join(row) + "\n" for row in rows)
