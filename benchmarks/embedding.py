# ruff: noqa: E402 - the module path is put right before anything of src/ is imported
"""How fast are crops turned into vectors? Beside torchreid's FeatureExtractor: the same files, the same weights.

    python benchmarks/embedding.py [--crops N] [--repeats N] [--quick] [--weights NETWORK=FILE]

Crops of generated people lie on the disk as JPEG files of 256×128 pixels; reading them, preparing them and the network
are all timed. Each contender has a process of its own, where it embeds all crops once to warm up and then --repeats
times. FeatureExtractor is called as its documentation shows: once, with the list of all paths.

Weights are random unless given. They are as fast as trained ones, but give all people nearly the same vector, so how
well float32 and bfloat16 agree is better judged with trained weights; the last but one line of the table tells how far
apart the vectors of different people are.
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

ROOT = Path(__file__).resolve().parent.parent

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
    "OpenVINO default": ("openvino", "default"),  # bfloat16 where the CPU computes in it
    "auto": ("auto", "default"),
}
CAMERAS = 4
Embed = Callable[[list[Path]], np.ndarray]
Result = dict[str, Any]


def prepare(folder: Path, crops: int, weights: Sequence[str]) -> None:
    """Write the crops, and for each network its weights, in the one form that all read, and their ONNX file."""
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
    if strange := given.keys() - set(NETWORKS):
        raise UserError(f"--weights {strange.pop()}=…: no such network here; valid: {', '.join(NETWORKS)}")
    for name in NETWORKS:
        network = create_model(name, Path(given[name])) if name in given else create_model(name)
        torch.save(network.state_dict(), folder / f"{name}.pth")
        find_graph(name, str(folder / f"{name}.pth"))


def their_extractor(name: str, weights: Path) -> Embed:
    """torchreid's own, as published."""
    from learning_reid.models.torchreid_models import quiet, without_tensorflow

    with quiet(), without_tensorflow():
        from torchreid.reid.utils import FeatureExtractor

        extract = FeatureExtractor(name, str(weights), image_size=(HEIGHT, WIDTH), device="cpu", verbose=False)
    return lambda files: extract([str(file) for file in files]).numpy()


def work(folder: Path, name: str, contender: str, repeats: int) -> Result:
    """In a process of its own: warm up, measure, keep the vectors."""
    weights = folder / f"{name}.pth"
    chosen = PEER
    if contender == PEER:
        embed = their_extractor(name, weights)
    else:
        backend, precision = OURS[contender]
        embedder = create_embedder(name, str(weights), backend, precision=precision)
        chosen = type(embedder).__name__

        def embed(files: list[Path]) -> np.ndarray:
            return embedder([read_image(file) for file in files])

    files = sorted(folder.glob("*.jpg"))
    features = embed(files)  # (n, d)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        embed(files)
        seconds.append(time.perf_counter() - start)
    np.save(folder / f"{name} {contender}.npy", l2_normalize(features, np.float32))
    return {
        "images_per_s": len(files) / statistics.median(seconds),
        "peak_mb": peak_memory_mb(),
        "embedder": chosen,
    }


def in_a_process(folder: Path, *arguments: str) -> Result:
    """What a job answers in its last line; the exporter's files are kept in the folder as well."""
    command = [sys.executable, __file__, "--folder", str(folder), *arguments]
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise UserError(f"{' '.join(arguments)}: failed, the lines above tell why")
    answer: Result = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(folder: Path, repeats: int) -> dict[str, dict[str, Result]]:
    """By network and contender; a backend that is not installed is told and left out."""
    results: dict[str, dict[str, Result]] = {}
    with tqdm(total=len(NETWORKS) * (1 + len(OURS)), desc="measuring", unit="contender") as bar:
        for name in NETWORKS:
            results[name] = {}
            for contender in (PEER, *OURS):
                answer = in_a_process(folder, "--job", contender, "--network", name, "--repeats", str(repeats))
                bar.update()
                if "error" in answer:
                    tqdm.write(f"without {contender}: {answer['error']}", file=sys.stderr)
                    continue
                results[name][contender] = answer
            vectors = {contender: np.load(folder / f"{name} {contender}.npy") for contender in results[name]}
            for contender, own in vectors.items():
                results[name][contender]["lowest_cosine"] = float((own * vectors[REFERENCE]).sum(axis=1).min())
            if results[name][PEER]["lowest_cosine"] < 0.999:
                raise UserError(f"{PEER} answers {name} otherwise than torch: it did not load the same weights")
            reference = vectors[REFERENCE]
            others = (reference @ reference.T)[~np.eye(len(reference), dtype=bool)]
            results[name][REFERENCE]["cosine_between_people"] = float(np.median(others))
    return results


def report(results: dict[str, dict[str, Result]], crops: int, repeats: int) -> None:
    """The table for people, and the line for programs."""
    print(f"{crops} crops of {HEIGHT}×{WIDTH} read from disk, medians of {repeats} runs, {os.cpu_count()} CPU cores")
    comparisons = []
    for name, contenders in results.items():
        theirs = contenders[PEER]
        print(f"\n{name:<44}{'images/s':>9}{'':>8}{'lowest cosine':>15}{'peak':>10}")
        for contender, ours in contenders.items():
            ratio = ours["images_per_s"] / theirs["images_per_s"]
            label = f"{contender} ({ours['embedder']})" if contender == "auto" else contender
            print(
                f"{label:<44}{ours['images_per_s']:>9.1f}{'' if ours is theirs else f'× {ratio:.2f}':>8}"
                f"{ours['lowest_cosine']:>15.6f}{ours['peak_mb']:>7.0f} MB"
            )
            if ours is not theirs:
                comparisons.append(
                    {"name": f"{name}, {contender}", "unit": "images/s", "peer": PEER, "ours": ours["images_per_s"],
                     "theirs": theirs["images_per_s"], "ratio": ratio, "lowest_cosine": ours["lowest_cosine"],
                     "peak_mb": ours["peak_mb"], "their_peak_mb": theirs["peak_mb"], "embedder": ours["embedder"]}
                )  # fmt: skip
    middles = ", ".join(f"{name} {each[REFERENCE]['cosine_between_people']:.3f}" for name, each in results.items())
    print(f"\nlowest cosine: to torch float32, over the crops; between different people it is {middles} (median)")
    print("peak: of the whole process, libraries included\n")
    print(json.dumps({"comparisons": comparisons, "crops": crops, "repeats": repeats}))


def main() -> None:
    """Measure everything, print the table, and end with the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3, help="timed runs of each; the medians are reported")
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
                answer: Result = {}
            else:
                answer = work(options.folder, options.network, options.job, repeats)
        except UserError as problem:  # such as a package that is not installed
            answer = {"error": str(problem)}
        print(json.dumps(answer))
    else:
        with tempfile.TemporaryDirectory() as folder:
            given = [part for entry in options.weights for part in ("--weights", entry)]
            if "error" in (answer := in_a_process(Path(folder), "--job", "prepare", "--crops", str(crops), *given)):
                raise UserError(answer["error"])
            report(measure(Path(folder), repeats), crops, repeats)


if __name__ == "__main__":
    try:
        main()
    except UserError as problem:
        sys.exit(str(problem))
