"""Write the camera views of a synthetic street: images, ground truth and calibration.

View_001/frame_0000.jpg …   images, named as in PETS2009
View_001/gt.txt             ground truth (MOT format); people who are mostly hidden have confidence 0
View_001/calibration.yml    camera parameters, and the homography from the shared map to the image
View_002/…                  the same people with the same identities
timetable.tsv               when each person enters and leaves each view
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml

from learning_reid.frames.mot import MotTable, format_mot
from learning_reid.frames.synthetic import truth_table
from reid_synth.datasets.atomic_folder import encode_jpeg, write_file
from reid_synth.datasets.presets import Preset
from reid_synth.worker_pool import WorkerPool
from reid_synth.world.camera_view import CameraView, concat_truth
from reid_synth.world.world import World, WorldPlan

_FRAMES_PER_TASK = 15
Rendered = tuple[bytes, np.ndarray, np.ndarray, np.ndarray]  # a JPEG file; ids, boxes and visibility


def view_names(plan: WorldPlan) -> list[str]:
    """Return the folder name of each camera view."""
    return [f"View_{number:03d}" for number in range(1, plan.cameras + 1)]


def write_views(
    folder: Path, preset: Preset, seed: int, pool: WorkerPool, done: Callable[[], object] = lambda: None
) -> dict[str, MotTable]:
    """Render all camera views of a preset's street into an existing folder.

    Args:
        folder: Where the views' folders are created.
        preset: Describes the street.
        seed: The same seed gives the same bytes.
        pool: Renders the frames; its size does not change the result.
        done: Called after each frame, for a progress bar.

    Returns:
        The ground truth by view name.

    Raises:
        OSError: A file cannot be written.
    """
    world, frames = preset.make_world(seed), preset.world.frames
    names, tables = view_names(preset.world), {}
    chunks = [(first, min(first + _FRAMES_PER_TASK, frames)) for first in range(0, frames, _FRAMES_PER_TASK)]
    tasks = [(preset, seed, index, *chunk) for index in range(len(names)) for chunk in chunks]
    truth: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {name: [] for name in names}
    for (_, _, index, *_), rendered in zip(tasks, pool.map(_render_frames, tasks), strict=True):
        for image, ids, boxes, visibility in rendered:
            rows = truth[names[index]]
            write_file(folder, f"{names[index]}/frame_{len(rows):04d}.jpg", image)
            rows.append((ids, boxes, visibility))
            done()
    for index, name in enumerate(names):
        tables[name] = truth_table(concat_truth(truth[name]))
        write_file(folder, f"{name}/gt.txt", format_mot(tables[name]).encode())
        write_file(folder, f"{name}/calibration.yml", _format_calibration(world, index).encode())
    write_file(folder, "timetable.tsv", _format_timetable(world, names).encode())
    return tables


@lru_cache(maxsize=1)
def _view(preset: Preset, seed: int, index: int) -> CameraView:
    return preset.make_world(seed).view(index)


def _render_frames(preset: Preset, seed: int, index: int, first: int, end: int) -> list[Rendered]:
    rendered = []
    for frame in range(first, end):
        image, ids, boxes, visibility = _view(preset, seed, index).render(frame)
        rendered.append((encode_jpeg(image), ids, boxes, visibility))
    return rendered


def _format_calibration(world: World, index: int) -> str:
    post = world.placed_cameras[index]
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
# Pinhole camera without distortion. Ground coordinates of a camera: x to its right, y ahead, in meters from the point
# below it. In the map shared by all views that point is position_m, and yaw_rad rotates the map's axes into the
# camera's, anticlockwise. Homographies map (x, y, 1) to pixels (u, v, 1) times depth: ground_homography from the
# camera's ground coordinates, map_homography from the map.
"""


def _format_timetable(world: World, names: list[str]) -> str:
    rows = [("person_id", "view", "enters_s", "leaves_s")]
    rows += [
        (str(visit.person_id), names[visit.camera], f"{visit.enters_s:.1f}", f"{visit.leaves_s:.1f}")
        for visit in world.timetable()
    ]
    return "".join("\t".join(row) + "\n" for row in rows)
