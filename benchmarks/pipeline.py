"""Compare the speed of the pipeline with a loop that embeds crop by crop: same frames, detector and weights.

    python benchmarks/pipeline.py [--frames FOLDER] [--detector NAME] [--detector-weights FILE] [--weights FILE]

The default is the real frames of REID_REAL_DATA with YOLOX, or else the generated street with the embedded weights.
The loop calls torchreid's FeatureExtractor once per crop, as most scripts do.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import torch
from torchreid.reid.utils import FeatureExtractor
from tqdm.auto import tqdm

from learning_reid.detection.crops import crop_image
from learning_reid.detection.detections import Detector
from learning_reid.detection.registry import create_detector
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.frames.frame import FrameSource
from learning_reid.frames.sources import open_frames
from learning_reid.io.progress import Stopwatch
from learning_reid.models.registry import create_model
from learning_reid.models.weights_file import resolve_weights
from learning_reid.pipeline import detect_and_embed

ROOT = Path(__file__).resolve().parent.parent
BACKENDS = ("torch", "onnx", "openvino")
PEER = "torchreid FeatureExtractor, crop by crop"
Seconds = dict[str, float]

# A process inherits the peak memory of the one that starts it, so a small process in between starts the command.
MEASURE_MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def parse_arguments() -> argparse.Namespace:
    """Parse the options; the defaults are the real data if REID_REAL_DATA names a folder."""
    real = Path(os.environ.get("REID_REAL_DATA") or "/nonexistent")
    found = real.is_dir()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default=str(real / "frames/pets2009_s2l1/View_001") if found else "synthetic:7")
    parser.add_argument("--detector", default="yolox_onnx" if found else "torchvision_frcnn")
    yolox = str(real / "detectors/yolox_nano_coco.onnx")
    parser.add_argument("--detector-weights", default=yolox if found else "embedded")
    parser.add_argument("--embedder", default="osnet_x0_25")
    parser.add_argument("--weights", default=str(real / "weights/osnet_x0_25_msmt17.pth") if found else "embedded")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--max-frames", type=int, default=None, help="frames of the timed runs [all]")
    parser.add_argument("--repeats", type=int, default=3, help="runs per method; the medians are reported")
    return parser.parse_args()


def plain_loop(options: argparse.Namespace, frames: FrameSource, detector: Detector) -> Callable[[], Seconds]:
    """Return the peer: detect in each frame, then crop, resize and embed one box after the other."""
    network = create_model(options.embedder, resolve_weights(options.embedder, options.weights))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.pth"
        torch.save(network.state_dict(), file)
        extract = FeatureExtractor(options.embedder, str(file), device="cpu", verbose=False)

    def run() -> Seconds:
        watch = Stopwatch()
        for frame in watch.each("reading", frames):
            with watch.stage("detection"):
                found = detector(frame)
            for box in found.xyxy:
                crop = crop_image(frame.image, box)
                if crop is not None:
                    with watch.stage("embedding"):
                        extract(crop)
        return dict(watch.seconds)

    return run


def batched_pipeline(
    options: argparse.Namespace, backend: str, frames: FrameSource, detector: Detector
) -> Callable[[], Seconds]:
    """Return ours: pass 1 of the pipeline."""
    embedder = create_embedder(options.embedder, options.weights, backend, options.batch_size)

    def run() -> Seconds:
        watch = Stopwatch()
        detect_and_embed(frames, detector, embedder, options.batch_size, watch)
        return dict(watch.seconds)

    return run


def measure(options: argparse.Namespace) -> tuple[dict[str, list[Seconds]], int, int]:
    """Return the seconds by stage of each run of each method, and the numbers of frames and crops."""
    frames = open_frames(options.frames, options.max_frames)
    detector = create_detector(options.detector, options.detector_weights)
    methods = {PEER: plain_loop(options, frames, detector)}
    for backend in BACKENDS:
        try:
            methods[backend] = batched_pipeline(options, backend, frames, detector)
        except UserError as missing:
            print(f"without {backend}: {missing}", file=sys.stderr)
    read = list(frames)
    counts = len(read), sum(len(detector(frame)) for frame in read)  # warms the detector up as well
    del read
    runs: dict[str, list[Seconds]] = {name: [] for name in methods}
    for _ in tqdm(range(options.repeats), desc="repeats"):
        for name, run in methods.items():
            with open(os.devnull, "w") as devnull, redirect_stderr(devnull):  # hides its progress bars
                runs[name].append(run())
    return runs, *counts


def peak_memory_mb(options: argparse.Namespace) -> float:
    """Return the peak resident memory in MB of the whole command: all frames, default backend, a separate process."""
    with tempfile.TemporaryDirectory() as folder:
        values = {
            "input.frames_path": options.frames,
            "input.max_frames": "null",
            "input.truth": "null",
            "detector.name": options.detector,
            "detector.weights": options.detector_weights,
            "embedder.name": options.embedder,
            "embedder.weights": options.weights,
            "embedder.batch_size": options.batch_size,
            "output.folder": folder,
        }
        overrides = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
        command = [sys.executable, "-c", MEASURE_MEMORY, sys.executable, str(ROOT / "src/main.py"), *overrides]
        measured = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(measured.stdout) / (1024**2 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Measure everything and print a table; the last line of the output is a JSON object."""
    options = parse_arguments()
    memory = peak_memory_mb(options)
    runs, frames, crops = measure(options)
    embedding = {name: crops / statistics.median(run["embedding"] for run in all_) for name, all_ in runs.items()}
    whole = {name: frames / statistics.median(sum(run.values()) for run in all_) for name, all_ in runs.items()}
    print(f"{frames} frames, {crops} crops, medians of {options.repeats} runs; {options.detector}, {options.embedder}")
    print(f"\n{'':<42}{'frames/s':>9}{'':>7}{'crops/s':>9}")
    for name in runs:
        times = "" if name == PEER else f"× {whole[name] / whole[PEER]:.1f}"
        times_embedding = "" if name == PEER else f"× {embedding[name] / embedding[PEER]:.1f}"
        label = name if name == PEER else f"pipeline, {name}"
        print(f"{label:<42}{whole[name]:>9.1f}{times:>7}{embedding[name]:>9.0f}{times_embedding:>8}")
    print(f"\nframes/s: reading, detecting and embedding; crops/s: embedding alone\npeak memory: {memory:.0f} MB\n")
    comparisons = [
        {"name": f"{what}, {name}", "unit": unit, "peer": PEER, "ours": ours[name], "theirs": ours[PEER],
         "ratio": ours[name] / ours[PEER]}
        for what, unit, ours in (("embedding", "crops/s", embedding), ("pipeline", "frames/s", whole))
        for name in runs if name != PEER
    ]  # fmt: skip
    print(json.dumps({"comparisons": comparisons, "peak_memory_mb": memory, "frames": frames, "crops": crops}))


if __name__ == "__main__":
    try:
        main()
    except UserError as problem:
        sys.exit(str(problem))
