"""Measure the speed of rendering people and streets, and compare crop statistics with real ones.

    python benchmarks/synthetic.py [--processes 2] [--repeats 3] [--without-preset]

No well-known library renders labeled people. The peer is therefore the minimum cost of real images of the same size:
decoding JPEG files with OpenCV, in as many processes. The time of a training step of OSNet ×0.25 per crop shows whether
rendering or training is the bottleneck. With REID_REAL_DATA set, the statistics of the crops are printed beside those
of PKU-Reid's two cameras and of the true boxes of PETS2009 S2.L1.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np

from learning_reid.detection.crops import crop_image
from learning_reid.frames.images import read_image
from learning_reid.frames.mot import read_mot
from reid_synth.datasets.crops import CropCamera, render_crop, sample_crop_camera, sample_people
from reid_synth.datasets.statistics import CropStatistics, Range, measure_crops
from reid_synth.people.person import Person
from reid_synth.places.street import empty_street
from reid_synth.places.surfaces import make_surfaces
from reid_synth.world.camera_view import CameraView
from reid_synth.world.scene import Scene

ROOT = Path(__file__).resolve().parent.parent
PEER = "OpenCV, decoding JPEG files"
WIDTH, HEIGHT = 128, 256  # of a crop
CROPS, FRAMES = 600, 60  # rendered in one timed run
PEOPLE = 10  # in a frame
CAMERAS, CROPS_A_CAMERA = 12, 40  # for the statistics
Draw = Callable[[int], np.ndarray]


@lru_cache(maxsize=1)
def crop_inputs() -> tuple[list[Person], list[CropCamera]]:
    """Sample people and cameras; every process makes the same ones."""
    rng = np.random.default_rng(5)
    surfaces = make_surfaces(5, per_kind=2)
    streets = [empty_street(rng, surfaces) for _ in range(CAMERAS)]
    return sample_people(rng, 60), [sample_crop_camera(rng, streets) for _ in range(CAMERAS)]


def draw_crop(index: int) -> np.ndarray:
    """Render a crop of 256 × 128 pixels."""
    people, cameras = crop_inputs()
    camera = replace(cameras[index % CAMERAS], person_px=230.0)
    crop = render_crop(people[index % len(people)], camera, np.random.default_rng(index), people)
    return cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)


@lru_cache(maxsize=1)
def crowded_street() -> CameraView:
    """Return a street of 768 × 576 pixels with ten people."""
    scenes = [Scene(seed, walkers=4) for seed in (1, 2, 3)]
    walkers = [walker for scene in scenes for walker in scene.walkers][:PEOPLE]
    walkers = [replace(walker, person_id=number) for number, walker in enumerate(walkers, start=1)]
    one = scenes[0]
    return CameraView(1, one.camera, one.conditions, walkers, np.random.default_rng(1), FRAMES, one.frames_per_second)


def draw_frame(index: int) -> np.ndarray:
    """Render a frame of the crowded street."""
    return crowded_street().render(index)[0]


def decode(folder: str, index: int) -> np.ndarray:
    """Decode image `index` to RGB: the peer's work."""
    return np.ascontiguousarray(np.asarray(cv2.imread(f"{folder}/{index}.jpg"))[..., ::-1])


def run(draw: Draw, indices: range) -> float:
    """Return the seconds for rendering all indices in a warm process."""
    draw(0)
    start = time.perf_counter()
    for index in indices:
        draw(index)
    return time.perf_counter() - start


def warm_up(draw: Draw) -> None:
    """Use one thread per process, and fill caches and compile."""
    cv2.setNumThreads(1)
    draw(0)


def images_per_second(draw: Draw, count: int, processes: int, repeats: int) -> float:
    """Return images per second of all processes together: the median of the repeats."""
    context = multiprocessing.get_context("spawn")
    rates = []
    with ProcessPoolExecutor(processes, context, warm_up, (draw,)) as pool:
        for repeat in range(repeats):
            first = repeat * count
            shares = [range(first + part, first + count, processes) for part in range(processes)]
            rates.append(count / max(pool.map(partial(run, draw), shares)))
    return statistics.median(rates)


def compare(name: str, draw: Draw, count: int, options: argparse.Namespace) -> dict[str, float | str]:
    """Render images, then decode as many JPEG files of their size."""
    our_rate = images_per_second(draw, count, options.processes, options.repeats)
    with tempfile.TemporaryDirectory() as folder:
        image = draw(1)[..., ::-1]
        for index in range(count * options.repeats):
            cv2.imwrite(f"{folder}/{index}.jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
        peer_rate = images_per_second(partial(decode, folder), count, options.processes, options.repeats)
    return {
        "name": name,
        "unit": "1/s",
        "peer": PEER,
        "ours": our_rate,
        "theirs": peer_rate,
        "ratio": our_rate / peer_rate,
    }


def measure_training_rate() -> float:
    """Return the crops per second of a training step of OSNet ×0.25 on the CPU with all threads."""
    import torch

    from learning_reid.models.registry import create_model

    network = create_model("osnet_x0_25").train()
    crops = torch.randn(32, 3, HEIGHT, WIDTH)
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        network(crops).square().mean().backward()
        seconds.append(time.perf_counter() - start)
    return len(crops) / statistics.median(seconds[1:])


def preset_seconds(preset: str) -> float:
    """Return the seconds that `main.py synth` takes from start to finished folder."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [
            sys.executable,
            str(ROOT / "src/main.py"),
            "synth",
            "--preset",
            preset,
            "--out",
            f"{folder}/{preset}",
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        return time.perf_counter() - start


def generated_crops() -> Iterator[np.ndarray]:
    """Yield crops of many people by several cameras, at native size."""
    people, cameras = crop_inputs()
    for number, camera in enumerate(cameras):
        rng = np.random.default_rng([7, number])
        for _ in range(CROPS_A_CAMERA):
            yield render_crop(people[int(rng.integers(len(people)))], camera, rng, people)


def real_crops(real: Path) -> dict[str, Iterator[np.ndarray]]:
    """Return the crops of each real camera available, by name."""
    frames = real / "frames/pets2009_s2l1"
    found: dict[str, Iterator[np.ndarray]] = {}
    for camera in (1, 2):
        files = sorted((real / "crops/pku_reid").glob(f"*_c{camera}s*"))
        if files:
            found[f"PKU-Reid, camera {camera}"] = (read_image(file) for file in files)
    if (frames / "gt.txt").is_file():
        found["PETS2009 S2.L1, true boxes"] = true_boxes(frames)
    return found


def true_boxes(folder: Path) -> Iterator[np.ndarray]:
    """Yield the crops of the true boxes of every tenth frame."""
    table = read_mot(folder / "gt.txt")
    for index, file in enumerate(sorted((folder / "View_001").glob("*.jpg"))):
        if index % 10 == 0:
            here = table.at(index)
            for box in here.boxes_xyxy[here.score > 0]:
                crop = crop_image(read_image(file), box)
                if crop is not None:
                    yield crop


def print_statistics(measured: dict[str, dict[str, Range]]) -> None:
    """Print one row per source: the median and the central 80 %."""
    print(f"\n{'crops: median (10 % – 90 %)':<30}" + "".join(f"{name:>22}" for name in CropStatistics._fields))
    for source, ranges in measured.items():
        cells = (f"{r.median:.0f} ({r.low:.0f} – {r.high:.0f})" for r in ranges.values())
        print(f"{source:<30}" + "".join(f"{cell:>22}" for cell in cells))


def main() -> None:
    """Measure everything, print the tables, and end with the results as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--without-preset", action="store_true", help="do not time `synth --preset class`")
    options = parser.parse_args()
    comparisons = [
        compare(f"crops, {HEIGHT} × {WIDTH}", draw_crop, CROPS, options),
        compare(f"frames, 768 × 576, {PEOPLE} people", draw_frame, FRAMES, options),
    ]
    print(f"{options.processes} processes{'rendered/s':>31}{'decoded/s':>12}{'ratio':>8}   (peer: {PEER})")
    for row in comparisons:
        print(f"{row['name']:<32}{row['ours']:>11.0f}{row['theirs']:>12.0f}{row['ratio']:>8.3f}")
    training_rate = measure_training_rate()
    print(f"{'a training step, OSNet ×0.25':<32}{training_rate:>11.0f} crops/s")
    seconds = {} if options.without_preset else {"class": preset_seconds("class")}
    for preset, value in seconds.items():
        print(f"{f'synth --preset {preset}':<32}{value:>11.0f} s")
    real = Path(os.environ.get("REID_REAL_DATA") or "/nonexistent")
    measured = {f"generated, {CAMERAS} cameras": measure_crops(generated_crops())}
    measured |= {name: measure_crops(crops) for name, crops in real_crops(real).items()}
    print_statistics(measured)
    table = {name: {key: list(r) for key, r in ranges.items()} for name, ranges in measured.items()}
    result = {"comparisons": comparisons, "training_crops_per_s": training_rate, "preset_seconds": seconds}
    print(json.dumps(result | {"statistics": table}))


if __name__ == "__main__":
    main()
