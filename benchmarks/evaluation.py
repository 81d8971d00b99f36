# ruff: noqa: E402 - the module path is put right before anything of src/ is imported
"""How fast is the evaluation, and how much memory does it take? Beside torchreid's own, on the same numbers.

    python benchmarks/evaluation.py [--quick] [--repeats N]

Random features of Market-1501's size: 3,368 queries × 15,913 gallery pictures × 512, 750 persons, 6 cameras. Each
measurement runs in a process of its own, so that its peak of memory is its own: what it needs on top of the features.
torchreid takes minutes; --quick divides all sizes by eight.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent

import numpy as np
from tqdm.auto import tqdm

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import retrieval_metrics
from learning_reid.retrieval.distances import DistanceRows, distance_rows
from learning_reid.retrieval.reranking import reranked_distance_rows

QUERIES, GALLERY, DIMENSION, PERSONS, CAMERAS, DISTRACTORS = 3368, 15913, 512, 750, 6, 500_000
Figures = dict[str, float]


class Data(NamedTuple):
    """Features of unit length, and who and where; strangers are negative."""

    query: np.ndarray
    gallery: np.ndarray
    query_labels: Labels
    gallery_labels: Labels


def make(part: int, distractors: int = 0) -> Data:
    """Random features of the sizes above divided by `part`, with so many strangers more in the gallery."""
    rng = np.random.default_rng(0)
    queries, known = QUERIES // part, GALLERY // part
    query, gallery = (
        rng.standard_normal((count, DIMENSION), dtype=np.float32) for count in (queries, known + distractors)
    )
    for features in (query, gallery):
        features /= np.linalg.norm(features, axis=1, keepdims=True)
    asking, answering = (rng.integers(0, PERSONS // part, count) for count in (queries, known))
    answering = np.concatenate([answering, np.full(distractors, -1)])
    cameras = (rng.integers(0, CAMERAS, len(persons)) for persons in (asking, answering))
    return Data(query, gallery, *(Labels.of(*both) for both in zip((asking, answering), cameras, strict=True)))


def score(rows: DistanceRows, data: Data) -> Figures:
    """CMC, mAP and mINP under the Market-1501 rule."""
    labels, protocol = (data.query_labels, data.gallery_labels), PROTOCOLS["market1501"]
    return retrieval_metrics(find_matches(rows, *labels, protocol), *labels, protocol).means


def our_evaluation(data: Data) -> tuple[float, Figures]:
    """Seconds for distances, CMC, mAP and mINP; and the figures."""
    start = time.perf_counter()
    figures = score(distance_rows(data.query, data.gallery, "euclidean"), data)
    return time.perf_counter() - start, figures


def their_evaluation(data: Data) -> tuple[float, Figures]:
    """Seconds for torchreid's distance matrix, CMC and mAP, as its package ships them; and the figures."""
    import torch
    from torchreid.reid.metrics import compute_distance_matrix
    from torchreid.reid.metrics.rank import evaluate_rank

    labels = data.query_labels, data.gallery_labels
    start = time.perf_counter()
    distances = compute_distance_matrix(torch.from_numpy(data.query), torch.from_numpy(data.gallery), "euclidean")
    cmc, mean_ap = evaluate_rank(
        distances.numpy(), *(one.person for one in labels), *(one.camera for one in labels), max_rank=50
    )
    return time.perf_counter() - start, {"rank1": float(cmc[0]), "rank5": float(cmc[4]), "map": float(mean_ap)}


def our_reranking(data: Data) -> tuple[float, Figures]:
    """Seconds from features to re-ranked CMC and mAP; and the figures."""
    start = time.perf_counter()
    figures = score(reranked_distance_rows(data.query, data.gallery), data)
    return time.perf_counter() - start, figures


def their_reranking(data: Data) -> tuple[float, Figures]:
    """Seconds for torchreid's re_ranking alone, its three distance matrices given; and the figures."""
    from torchreid.reid.utils.rerank import re_ranking

    def away(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(2 - 2 * a @ b.T, 0))  # Euclidean, of unit vectors

    query, gallery = data.query, data.gallery
    matrices = away(query, gallery), away(query, query), away(gallery, gallery)
    start = time.perf_counter()
    final = re_ranking(*matrices)
    return time.perf_counter() - start, score(lambda rows: final[rows], data)


JOBS: dict[str, Callable[[Data], tuple[float, Figures]]] = {
    "our evaluation": our_evaluation,
    "their evaluation": their_evaluation,
    "our re-ranking": our_reranking,
    "their re-ranking": their_reranking,
}


def work(job: str, part: int, distractors: int) -> None:
    """In a process of its own: warm up on little, measure on all, print one line of JSON."""
    warnings.simplefilter("ignore")
    JOBS[job](make(64))
    data = make(part, distractors)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, figures = JOBS[job](data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    unit = 1024**2 if sys.platform == "darwin" else 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak / unit, "figures": figures}))


def measure(job: str, part: int, distractors: int, repeats: int, bar: tqdm) -> dict[str, Any]:
    """Medians over the repeats."""
    runs = []
    for _ in range(repeats):
        command = [sys.executable, __file__, "--job", job, "--part", str(part), "--distractors", str(distractors)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        bar.update()
    middle = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "peak_mb")}
    return {**middle, "figures": runs[0]["figures"]}


def main() -> None:
    """Measure everything, print the table, and end with the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="divide all sizes by eight")
    parser.add_argument("--repeats", type=int, default=3, help="of our side; torchreid runs once")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--part", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--distractors", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        work(options.job, options.part, options.distractors)
        return
    part = 8 if options.quick else 1
    many = DISTRACTORS // part
    with tqdm(total=3 * options.repeats + 2, desc="measuring", unit="run") as bar:
        results = {job: measure(job, part, 0, 1 if job.startswith("their") else options.repeats, bar) for job in JOBS}
        crowd = measure("our evaluation", part, many, options.repeats, bar)
    report(results, crowd, part, many)


def report(results: dict[str, dict[str, Any]], crowd: dict[str, Any], part: int, many: int) -> None:
    """The table for people, and the line for programs."""
    print(f"{QUERIES // part:,} queries × {GALLERY // part:,} gallery pictures × {DIMENSION}, random features\n")
    print(f"{'':<44}{'seconds':>9}{'':>8}{'peak':>10}{'rank-1':>9}{'mAP':>10}")
    comparisons = []
    for what, peer in (
        ("evaluation", "torchreid compute_distance_matrix + evaluate_rank"),
        ("re-ranking", "torchreid re_ranking, its distance matrices given"),
    ):
        ours, theirs = results[f"our {what}"], results[f"their {what}"]
        ratio = theirs["seconds"] / ours["seconds"]
        line(f"{what}, torchreid", theirs, "")
        line(f"{what}, ours", ours, f"× {ratio:.0f}" if ratio >= 10 else f"× {ratio:.1f}")
        gap = abs(ours["figures"]["map"] - theirs["figures"]["map"])
        comparisons.append(
            {"name": what, "unit": "s", "peer": peer, "ours": ours["seconds"], "theirs": theirs["seconds"],
             "ratio": ratio, "peak_mb": ours["peak_mb"], "their_peak_mb": theirs["peak_mb"], "map_difference": gap}
        )  # fmt: skip
    line(f"evaluation, ours, {many:,} distractors more", crowd, "")
    slower = crowd["seconds"] / results["our evaluation"]["seconds"]
    larger = (GALLERY // part + many) / (GALLERY // part)
    print(f"\nThe gallery with distractors is {larger:.1f} times as large and takes {slower:.1f} times as long.")
    print("Peak: on top of the features. Differences of mAP:", *(f"{one['map_difference']:.1e}" for one in comparisons))
    distractors = {
        "gallery_ratio": larger,
        "time_ratio": slower,
        "peak_mb": crowd["peak_mb"],
        "seconds": crowd["seconds"],
    }
    print(json.dumps({"comparisons": comparisons, "distractors": distractors}))


def line(name: str, result: dict[str, Any], ratio: str) -> None:
    """One row of the table."""
    figures = result["figures"]
    print(
        f"{name:<44}{result['seconds']:>9.2f}{ratio:>8}{result['peak_mb']:>7.0f} MB"
        f"{100 * figures['rank1']:>9.3f}{100 * figures['map']:>10.4f}"
    )


if __name__ == "__main__":
    main()
