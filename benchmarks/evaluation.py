"""Compare speed and peak memory of our evaluation and re-ranking with torchreid's, on the same numbers.

    python benchmarks/evaluation.py [--quick] [--repeats N]

Random embeddings of Market-1501's size: 3,368 queries × 15,913 gallery images × 512, 750 persons, 6 cameras. Each
measurement runs in a separate process; its peak memory is what it needs on top of the embeddings. torchreid takes
minutes; --quick divides all sizes by eight.
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
from typing import Any, NamedTuple

import numpy as np
from tqdm.auto import tqdm

from learning_reid.metrics.labels import DISTRACTOR, Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import retrieval_metrics
from learning_reid.retrieval.distances import DistanceRows, distance_rows
from learning_reid.retrieval.reranking import reranked_distance_rows

QUERIES, GALLERY, DIMENSION, PERSONS, CAMERAS, DISTRACTORS = 3368, 15913, 512, 750, 6, 500_000
Metrics = dict[str, float]


class Data(NamedTuple):
    """Unit-length embeddings and their labels; distractors have person −1."""

    query: np.ndarray  # (q, d) float32
    gallery: np.ndarray  # (g, d) float32
    query_labels: Labels
    gallery_labels: Labels


def make_data(divisor: int, distractors: int = 0) -> Data:
    """Draw random embeddings of the sizes above divided by `divisor`, plus distractors in the gallery."""
    rng = np.random.default_rng(0)
    queries, known = QUERIES // divisor, GALLERY // divisor
    query, gallery = (
        rng.standard_normal((count, DIMENSION), dtype=np.float32) for count in (queries, known + distractors)
    )
    for embeddings in (query, gallery):
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    query_person, gallery_person = (rng.integers(0, PERSONS // divisor, count) for count in (queries, known))
    gallery_person = np.concatenate([gallery_person, np.full(distractors, DISTRACTOR)])
    query_camera, gallery_camera = (rng.integers(0, CAMERAS, len(one)) for one in (query_person, gallery_person))
    return Data(query, gallery, Labels.of(query_person, query_camera), Labels.of(gallery_person, gallery_camera))


def compute_metrics(rows: DistanceRows, data: Data) -> Metrics:
    """Compute CMC, mAP and mINP under the Market-1501 protocol."""
    labels, protocol = (data.query_labels, data.gallery_labels), PROTOCOLS["market1501"]
    return retrieval_metrics(find_matches(rows, *labels, protocol), *labels, protocol).means


def our_evaluation(data: Data) -> tuple[float, Metrics]:
    """Return the seconds for distances, CMC, mAP and mINP; and the metrics."""
    start = time.perf_counter()
    metrics = compute_metrics(distance_rows(data.query, data.gallery, "euclidean"), data)
    return time.perf_counter() - start, metrics


def their_evaluation(data: Data) -> tuple[float, Metrics]:
    """Return the seconds for torchreid's distance matrix, CMC and mAP, as its package ships them; and the metrics."""
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


def our_reranking(data: Data) -> tuple[float, Metrics]:
    """Return the seconds from embeddings to re-ranked CMC and mAP; and the metrics."""
    start = time.perf_counter()
    metrics = compute_metrics(reranked_distance_rows(data.query, data.gallery), data)
    return time.perf_counter() - start, metrics


def their_reranking(data: Data) -> tuple[float, Metrics]:
    """Return the seconds for torchreid's re_ranking without its three distance matrices; and the metrics."""
    from torchreid.reid.utils.rerank import re_ranking

    def unit_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(2 - 2 * a @ b.T, 0))  # Euclidean, of unit vectors

    query, gallery = data.query, data.gallery
    matrices = unit_distance(query, gallery), unit_distance(query, query), unit_distance(gallery, gallery)
    start = time.perf_counter()
    final = re_ranking(*matrices)
    return time.perf_counter() - start, compute_metrics(lambda rows: final[rows], data)


JOBS: dict[str, Callable[[Data], tuple[float, Metrics]]] = {
    "our evaluation": our_evaluation,
    "their evaluation": their_evaluation,
    "our re-ranking": our_reranking,
    "their re-ranking": their_reranking,
}


def run_job(job: str, divisor: int, distractors: int) -> None:
    """Warm up on little data, measure on all, print one line of JSON; runs in a separate process."""
    warnings.simplefilter("ignore")
    JOBS[job](make_data(64))
    data = make_data(divisor, distractors)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, metrics = JOBS[job](data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    unit = 1024**2 if sys.platform == "darwin" else 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak / unit, "metrics": metrics}))


def measure(job: str, divisor: int, distractors: int, repeats: int, bar: tqdm) -> dict[str, Any]:
    """Return the medians of seconds and peak memory over the repeats, and the metrics."""
    runs = []
    for _ in range(repeats):
        command = [sys.executable, __file__, "--job", job, "--divisor", str(divisor), "--distractors", str(distractors)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        bar.update()
    medians = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "peak_mb")}
    return {**medians, "metrics": runs[0]["metrics"]}


def main() -> None:
    """Measure everything and print a table; the last line of the output is a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="divide all sizes by eight")
    parser.add_argument("--repeats", type=int, default=3, help="runs of our side; torchreid runs once")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--divisor", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--distractors", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        run_job(options.job, options.divisor, options.distractors)
        return
    divisor = 8 if options.quick else 1
    distractors = DISTRACTORS // divisor
    with tqdm(total=3 * options.repeats + 2, desc="measuring", unit="run") as bar:
        repeats = {job: 1 if job.startswith("their") else options.repeats for job in JOBS}
        results = {job: measure(job, divisor, 0, repeats[job], bar) for job in JOBS}
        large = measure("our evaluation", divisor, distractors, options.repeats, bar)
    report(results, large, divisor, distractors)


def report(results: dict[str, dict[str, Any]], large: dict[str, Any], divisor: int, distractors: int) -> None:
    """Print the table, and the results as one line of JSON."""
    print(f"{QUERIES // divisor:,} queries × {GALLERY // divisor:,} gallery images × {DIMENSION}, random embeddings\n")
    print(f"{'':<44}{'seconds':>9}{'':>8}{'peak':>10}{'rank-1':>9}{'mAP':>10}")
    comparisons = []
    for what, peer in (
        ("evaluation", "torchreid compute_distance_matrix + evaluate_rank"),
        ("re-ranking", "torchreid re_ranking, its distance matrices given"),
    ):
        ours, theirs = results[f"our {what}"], results[f"their {what}"]
        ratio = theirs["seconds"] / ours["seconds"]
        print_row(f"{what}, torchreid", theirs, "")
        print_row(f"{what}, ours", ours, f"× {ratio:.0f}" if ratio >= 10 else f"× {ratio:.1f}")
        gap = abs(ours["metrics"]["map"] - theirs["metrics"]["map"])
        comparisons.append(
            {"name": what, "unit": "s", "peer": peer, "ours": ours["seconds"], "theirs": theirs["seconds"],
             "ratio": ratio, "peak_mb": ours["peak_mb"], "their_peak_mb": theirs["peak_mb"], "map_difference": gap}
        )  # fmt: skip
    print_row(f"evaluation, ours, {distractors:,} distractors more", large, "")
    slower = large["seconds"] / results["our evaluation"]["seconds"]
    larger = (GALLERY // divisor + distractors) / (GALLERY // divisor)
    print(f"\nThe gallery with distractors is {larger:.1f} times as large and takes {slower:.1f} times as long.")
    print(
        "Peak: on top of the embeddings. Differences of mAP:", *(f"{one['map_difference']:.1e}" for one in comparisons)
    )
    with_distractors = {
        "gallery_ratio": larger,
        "time_ratio": slower,
        "peak_mb": large["peak_mb"],
        "seconds": large["seconds"],
    }
    print(json.dumps({"comparisons": comparisons, "distractors": with_distractors}))


def print_row(name: str, result: dict[str, Any], ratio: str) -> None:
    """Print one row of the table."""
    metrics = result["metrics"]
    print(
        f"{name:<44}{result['seconds']:>9.2f}{ratio:>8}{result['peak_mb']:>7.0f} MB"
        f"{100 * metrics['rank1']:>9.3f}{100 * metrics['map']:>10.4f}"
    )


if __name__ == "__main__":
    main()
