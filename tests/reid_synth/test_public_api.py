"""Public API: exports resolve, and functions do not change their inputs."""

import subprocess
import sys

import numpy as np

import reid_synth
from reid_synth import Camera, CameraResponse, concat_truth, measure_crop, paste, render_person, sample_person


def frozen(*arrays: np.ndarray) -> list[np.ndarray]:
    for array in arrays:
        array.flags.writeable = False
    return list(arrays)


def test_every_export_resolves() -> None:
    assert all(getattr(reid_synth, name) is not None for name in reid_synth.__all__)
    assert len(set(reid_synth.__all__)) == len(reid_synth.__all__)


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = "import sys, reid_synth; print([name for name in ('numpy', 'cv2', 'numba') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_read_only_inputs_are_accepted_and_not_changed() -> None:
    rng = np.random.default_rng(0)
    image, points, foot = frozen(np.full((80, 60, 3), 90, np.uint8), np.array([[0.0, 9.0, 0.0]]), np.array([30, 75]))
    sprite = render_person(sample_person(rng), phase=0, heading=0, tilt=0.1, pixels_per_meter=40, rng=rng)
    frozen(sprite.rgba)
    assert (paste(image, sprite, foot) != image).any()
    assert (paste(image, sprite, foot + 1000) == image).all()
    response = CameraResponse(saturation=0.5, gamma=1.2, sharpening=1.0, noise=2.0, jpeg_quality=80)
    assert (response.apply(image, rng) != image).any()
    camera = Camera(height_m=6.0, tilt=0.3, focal_px=500.0, width=60, height=80)
    assert np.isfinite(camera.to_ground(*frozen(camera.project(points)))).all()
    assert measure_crop(image).brightness == 90
    ids, boxes, visibility = frozen(np.array([1]), np.ones((1, 4), np.float32), np.ones(1, np.float32))
    assert concat_truth([(ids, boxes, visibility)] * 2).frame.tolist() == [0, 1]
    assert (image == 90).all()
