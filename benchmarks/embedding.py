"""Compare the speed of our embedding backends with torchreid's FeatureExtractor: same files, same weights.

    python benchmarks/embedding.py [--crops N] [--repeats N] [--quick] [--weights NETWORK=FILE]

Crops of generated people are on disk as JPEG files of 256×128 pixels; reading, preprocessing and the network are all
timed. Each method runs in a separate process, where it embeds all crops once to warm up and then --repeats times.
FeatureExtractor is called as its documentation shows: once, with the list of all paths.

Weights are random unless given. They are as fast as trained ones, but give all people nearly the same embedding, so
use trained weights to see how well float32 and bfloat16 agree; a line below the table reports how far apart the
embeddings of different people are.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from learning_reid.embedding.benchmark import peak_memory_mb
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.frames.images import read_image

NETWORKS = ("osnet_ain_x1_0", "osnet_x0_25")
HEIGHT, WIDTH = 256, 128
PEER, REFERENCE = "torchreid FeatureExtractor", "torch"
OURS = {  # backend, precision
    REFERENCE: ("torch", "default"),
    "ONNX Runtime": ("onnx", "default"),
    "OpenVINO float32": ("openvino", "float32"),
    "OpenVINO default": ("openvino", "default"),  # bfloat16 if the CPU computes it natively
    "auto": ("auto", "default"),
}
CAMERAS = 4
Embed = Callable[[list[Path]], np.ndarray]
Result = dict[str, Any]


def prepare(folder: Path, crops: int, weights: Sequence[str]) -> None:
    """Write the crops, and for each network the weights, in a format that all methods read, and their ONNX file."""
    import cv2
    import torch

    from learning_reid.embedding.onnx_file import find_graph
    from learning_reid.models.registry import create_model
    from reid_synth.datasets.crops import render_crop, sample_crop_camera, sample_people
    from reid_synth.places.street import empty_street
    from reid_synth.places.surfaces import make_surfaces

    rng = np.random.default_rng(0)
    places = [empty_street(rng, make_surfaces(0))]
    cameras = [sample_crop_camera(rng, places) for _ in range(CAMERAS)]
    for index, person in enumerate(sample_people(rng, crops)):
        crop = cv2.resize(render_crop(person, cameras[index % CAMERAS], rng), (WIDTH, HEIGHT))
        cv2.imwrite(str(folder / f"{index:05d}.jpg"), cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
    given = dict(entry.partition("=")[::2] for entry in weights)
    if unknown := given.keys() - set(NETWORKS):
        raise UserError(f"--weights {unknown.pop()}=…: unknown network; choose from: {', '.join(NETWORKS)}")
    for name in NETWORKS:
        network = create_model(name, Path(given[name])) if name in given else create_model(name)
        torch.save(network.state_dict(), folder / f"{name}.pth")
        find_graph(name, str(folder / f"{name}.pth"))


def their_extractor(name: str, weights: Path) -> Embed:
    """Return torchreid's FeatureExtractor, as published."""
    from learning_reid.models.torchreid_models import quiet, without_tensorflow

    with quiet(), without_tensorflow():
        from torchreid.reid.utils import FeatureExtractor

        extract = FeatureExtractor(name, str(weights), image_size=(HEIGHT, WIDTH), device="cpu", verbose=False)
    return lambda files: extract([str(file) for file in files]).numpy()


def run_method(folder: Path, name: str, method: str, repeats: int) -> Result:
    """Warm up, measure, save the embeddings; runs in a separate process."""
    weights = folder / f"{name}.pth"
    embedder_name = PEER
    if method == PEER:
        embed = their_extractor(name, weights)
    else:
        backend, precision = OURS[method]
        embedder = create_embedder(name, str(weights), backend, precision=precision)
        embedder_name = type(embedder).__name__

        def embed(files: list[Path]) -> np.ndarray:
            return embedder([read_image(file) for file in files])

    files = sorted(folder.glob("*.jpg"))
    embeddings = embed(files)  # (n, d)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        embed(files)
        seconds.append(time.perf_counter() - start)
    np.save(folder / f"{name} {method}.npy", l2_normalize(embeddings, np.float32))
    return {
        "images_per_s": len(files) / statistics.median(seconds),
        "peak_mb": peak_memory_mb(),
        "embedder": embedder_name,
    }


def run_separately(folder: Path, *arguments: str) -> Result:
    """Run a job in a separate process and return the JSON object in its last line."""
    command = [sys.executable, __file__, "--folder", str(folder), *arguments]
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}  # of exported graphs
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise UserError(f"{' '.join(arguments)}: failed; the lines above say why")
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def measure(folder: Path, repeats: int) -> dict[str, dict[str, Result]]:
    """Measure all methods with all networks; a backend that is not installed is reported and skipped."""
    results: dict[str, dict[str, Result]] = {}
    with tqdm(total=len(NETWORKS) * (1 + len(OURS)), desc="measuring", unit="method") as bar:
        for name in NETWORKS:
            results[name] = {}
            for method in (PEER, *OURS):
                result = run_separately(folder, "--job", method, "--network", name, "--repeats", str(repeats))
                bar.update()
                if "error" in result:
                    tqdm.write(f"without {method}: {result['error']}", file=sys.stderr)
                    continue
                results[name][method] = result
            embeddings = {method: np.load(folder / f"{name} {method}.npy") for method in results[name]}
            for method, own in embeddings.items():
                results[name][method]["lowest_cosine"] = float((own * embeddings[REFERENCE]).sum(axis=1).min())
            if results[name][PEER]["lowest_cosine"] < 0.999:
                raise UserError(f"{PEER} and torch give different embeddings for {name}: the weights were not loaded")
            reference = embeddings[REFERENCE]
            others = (reference @ reference.T)[~np.eye(len(reference), dtype=bool)]
            results[name][REFERENCE]["cosine_between_people"] = float(np.median(others))
    return results


def report(results: dict[str, dict[str, Result]], crops: int, repeats: int) -> None:
    """Print the table, and the results as one line of JSON."""
    print(f"{crops} crops of {HEIGHT}×{WIDTH} read from disk, medians of {repeats} runs, {os.cpu_count()} CPU cores")
    comparisons = []
    for name, methods in results.items():
        theirs = methods[PEER]
        print(f"\n{name:<44}{'images/s':>9}{'':>8}{'lowest cosine':>15}{'peak':>10}")
        for method, ours in methods.items():
            ratio = ours["images_per_s"] / theirs["images_per_s"]
            label = f"{method} ({ours['embedder']})" if method == "auto" else method
            print(
                f"{label:<44}{ours['images_per_s']:>9.1f}{'' if ours is theirs else f'× {ratio:.2f}':>8}"
                f"{ours['lowest_cosine']:>15.6f}{ours['peak_mb']:>7.0f} MB"
            )
            if ours is not theirs:
                comparisons.append(
                    {"name": f"{name}, {method}", "unit": "images/s", "peer": PEER, "ours": ours["images_per_s"],
                     "theirs": theirs["images_per_s"], "ratio": ratio, "lowest_cosine": ours["lowest_cosine"],
                     "peak_mb": ours["peak_mb"], "their_peak_mb": theirs["peak_mb"], "embedder": ours["embedder"]}
                )  # fmt: skip
    medians = ", ".join(f"{name} {each[REFERENCE]['cosine_between_people']:.3f}" for name, each in results.items())
    print(f"\nlowest cosine: to torch float32, over the crops; between different people it is {medians} (median)")
    print("peak: of the whole process, libraries included\n")
    print(json.dumps({"comparisons": comparisons, "crops": crops, "repeats": repeats}))


def main() -> None:
    """Measure everything and print a table; the last line of the output is a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3, help="timed runs per method; the medians are reported")
    parser.add_argument("--quick", action="store_true", help="32 crops, timed once")
    parser.add_argument("--weights", metavar="NETWORK=FILE", action="append", default=[], help="trained weights")
    parser.add_argument("--job", choices=("prepare", PEER, *OURS), help=argparse.SUPPRESS)
    parser.add_argument("--network", choices=NETWORKS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    crops, repeats = (32, 1) if options.quick else (options.crops, options.repeats)
    if options.job:
        try:
            if options.job == "prepare":
                prepare(options.folder, crops, options.weights)
                result: Result = {}
            else:
                result = run_method(options.folder, options.network, options.job, repeats)
        except UserError as problem:  # such as a package that is not installed
            result = {"error": str(problem)}
        print(json.dumps(result))
    else:
        with tempfile.TemporaryDirectory() as folder:
            given = [part for entry in options.weights for part in ("--weights", entry)]
            if "error" in (result := run_separately(Path(folder), "--job", "prepare", "--crops", str(crops), *given)):
                raise UserError(result["error"])
            report(measure(Path(folder), repeats), crops, repeats)


if __name__ == "__main__":
    try:
        main()
    except UserError as problem:
        sys.exit(str(problem))
