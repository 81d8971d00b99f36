# ruff: noqa: E402 - the module path is put right before anything of src/ is imported
"""Is the generated class as hard as it should be? From a colour histogram to a larger OSNet, on the same people.

    python benchmarks/difficulty.py [--seed N] [--steps N]

A lesson needs room: what looks at colours alone must fail often, a good network must nearly always succeed, and what
lies between must lie between. The people are those of `main.py synth --preset class`; nobody trained on them. The
larger network, OSNet ×0.5, is trained first by the recipe of the embedded one (it takes an hour or so, and is resumed
where it stopped). Across cameras: the rule of Market-1501. Same camera: only pictures of the query's own camera.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

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


def colour_histogram(crops: Sequence[np.ndarray]) -> np.ndarray:
    """Hue, saturation and value in 8 × 4 × 4 steps, over the whole crop: (n, 128)."""
    rows = []
    for crop in crops:
        hsv = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2HSV)
        counts = cv2.calcHist([hsv], [0, 1, 2], None, [8, 4, 4], [0, 180, 0, 256, 0, 256])
        rows.append(np.sqrt(counts.ravel() / counts.sum()))
    return l2_normalize(np.array(rows, np.float32), np.float32)


def raw_pixels(crops: Sequence[np.ndarray]) -> np.ndarray:
    """The crop at 32 × 16, its mean taken off: (n, 1536)."""
    small = [cv2.resize(crop, (16, 32), interpolation=cv2.INTER_AREA).astype(np.float32) for crop in crops]
    return l2_normalize(np.stack([picture - picture.mean() for picture in small]).reshape(len(small), -1), np.float32)


def network(model: nn.Module) -> Embed:
    """A network as it stands."""
    return TorchEmbedder(model.eval(), Preprocessing(256, 128), batch_size=64)


def measure(embed: Embed, contest: QueryGallerySplit) -> dict[str, float]:
    """Rank-1 and mAP across cameras, and within one camera, 0–1."""
    features = embed([read_crop(sample) for sample in contest.samples])
    asking = len(contest.query)
    rows = distance_rows(features[:asking], features[asking:], "cosine")
    labels = contest.query_labels, contest.gallery_labels
    scores = {
        name: retrieval_metrics(find_matches(rows, *labels, PROTOCOLS[name]), *labels, PROTOCOLS[name]).means
        for name in ("market1501", "single-camera")
    }
    across, within = scores["market1501"], scores["single-camera"]
    return {
        "rank1": across["rank1"],
        "map": across["map"],
        "rank1_same_camera": within["rank1"],
        "map_same_camera": within["map"],
    }


def main() -> None:
    """Measure, print a table, and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7, help="of the class; 7 is what synth takes by itself")
    parser.add_argument("--steps", type=int, default=2200, help="of training the larger network; 0 leaves it out")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows: dict[str, Embed] = {
        "colour histogram": colour_histogram,
        "raw pixels": raw_pixels,
        "random OSNet x0.25": network(create_model("osnet_x0_25")),
        "embedded OSNet x0.25": create_embedder("osnet_x0_25", "embedded"),
    }
    if options.steps:
        recipe = replace(ReidRecipe(), arch=LARGER).with_steps(options.steps)
        rows["OSNet x0.5"] = network(train_reid(recipe, ROOT / "runs" / "difficulty", ROOT / "data" / "synthetic"))
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder) / "market", PRESETS["class"].crops, options.seed)
        contest = split_query_gallery(open_dataset("market1501", Path(folder) / "market"))
        figures = {name: measure(embed, contest) for name, embed in rows.items()}
    print(f"\n{'in percent':22s} {'rank-1':>8s} {'mAP':>6s}   {'same camera: rank-1':>19s} {'mAP':>6s}")
    for name, row in figures.items():
        rank1, average, rank1_within, average_within = (100 * value for value in row.values())
        print(f"{name:22s} {rank1:8.1f} {average:6.1f}   {rank1_within:19.1f} {average_within:6.1f}")
    print(json.dumps({name: {key: round(value, 4) for key, value in row.items()} for name, row in figures.items()}))


if __name__ == "__main__":
    main()
