# ruff: noqa: E402 - the checkout is put on the path before tools/ or tests/ is imported
"""Measure the difficulty of the preset `class`, from a color histogram to a larger OSNet, on the same people.

    python benchmarks/difficulty.py [--seed N] [--steps N]

A lesson needs a range of results: color alone must fail often, a good network must nearly always succeed. The people
are those of `main.py synth --preset class`; no network was trained on them. The larger network, OSNet ×0.5, is trained
first by the recipe of the embedded one (about an hour; an interrupted training is resumed). Across cameras: the
Market-1501 protocol. Same camera: the gallery contains only images of the query's own camera.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import cv2
import numpy as np
import torch
from torch import nn

from learning_reid.datasets.images import read_crop
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.embedding.backend_torch import TorchEmbedder
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.embedding.registry import create_embedder
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import retrieval_metrics
from learning_reid.models.registry import create_model
from learning_reid.retrieval.distances import distance_rows
from reid_synth.datasets.market import write_market
from reid_synth.datasets.presets import PRESETS
from tools.weights.reid import ReidRecipe, train_reid

Embed = Callable[[Sequence[np.ndarray]], np.ndarray]
LARGER = "osnet_x0_5"


def color_histogram(crops: Sequence[np.ndarray]) -> np.ndarray:
    """Embed crops by a histogram of hue, saturation and value in 8 × 4 × 4 bins: (n, 128)."""
    rows = []
    for crop in crops:
        hsv = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2HSV)
        counts = cv2.calcHist([hsv], [0, 1, 2], None, [8, 4, 4], [0, 180, 0, 256, 0, 256])
        rows.append(np.sqrt(counts.ravel() / counts.sum()))
    return l2_normalize(np.array(rows, np.float32), np.float32)


def raw_pixels(crops: Sequence[np.ndarray]) -> np.ndarray:
    """Embed crops by their pixels at 32 × 16, minus the mean: (n, 1536)."""
    small = [cv2.resize(crop, (16, 32), interpolation=cv2.INTER_AREA).astype(np.float32) for crop in crops]
    return l2_normalize(np.stack([crop - crop.mean() for crop in small]).reshape(len(small), -1), np.float32)


def embedder_of(model: nn.Module) -> Embed:
    """Return an embedder of a network."""
    return TorchEmbedder(model.eval(), Preprocessing(256, 128), batch_size=64)


def measure(embed: Embed, split: QueryGallerySplit) -> dict[str, float]:
    """Return rank-1 and mAP across cameras and within one camera, 0–1."""
    embeddings = embed([read_crop(sample) for sample in split.samples])
    queries = len(split.query)
    rows = distance_rows(embeddings[:queries], embeddings[queries:], "cosine")
    labels = split.query_labels, split.gallery_labels
    metrics = {
        name: retrieval_metrics(find_matches(rows, *labels, PROTOCOLS[name]), *labels, PROTOCOLS[name]).means
        for name in ("market1501", "single-camera")
    }
    across, within = metrics["market1501"], metrics["single-camera"]
    return {
        "rank1": across["rank1"],
        "map": across["map"],
        "rank1_same_camera": within["rank1"],
        "map_same_camera": within["map"],
    }


def main() -> None:
    """Measure everything and print a table; the last line of the output is a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7, help="seed of the class [%(default)s, as synth]")
    parser.add_argument("--steps", type=int, default=2200, help="training steps of the larger network; 0 = without it")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows: dict[str, Embed] = {
        "color histogram": color_histogram,
        "raw pixels": raw_pixels,
        "random OSNet x0.25": embedder_of(create_model("osnet_x0_25")),
        "embedded OSNet x0.25": create_embedder("osnet_x0_25", "embedded"),
    }
    if options.steps:
        recipe = replace(ReidRecipe(), arch=LARGER).with_steps(options.steps)
        rows["OSNet x0.5"] = embedder_of(train_reid(recipe, ROOT / "runs" / "difficulty", ROOT / "data" / "synthetic"))
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder) / "market", PRESETS["class"].crops, options.seed)
        split = split_query_gallery(open_dataset("market1501", Path(folder) / "market"))
        results = {name: measure(embed, split) for name, embed in rows.items()}
    print(f"\n{'in percent':22s} {'rank-1':>8s} {'mAP':>6s}   {'same camera: rank-1':>19s} {'mAP':>6s}")
    for name, row in results.items():
        rank1, average, rank1_within, average_within = (100 * value for value in row.values())
        print(f"{name:22s} {rank1:8.1f} {average:6.1f}   {rank1_within:19.1f} {average_within:6.1f}")
    print(json.dumps({name: {key: round(value, 4) for key, value in row.items()} for name, row in results.items()}))


if __name__ == "__main__":
    main()
