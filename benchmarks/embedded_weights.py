# ruff: noqa: E402 - the checkout is put on the path before tools/ or tests/ is imported
"""Evaluate the embedded weights: detection and re-identification on unseen generated streets, and on real frames.

    python benchmarks/embedded_weights.py [--streets N]

With REID_REAL_DATA set, the 200 frames of PETS2009 S2.L1 are evaluated too, beside YOLOX-nano with its COCO weights.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np
import yaml

from learning_reid.config.load import load_settings
from learning_reid.detection.registry import create_detector
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from learning_reid.pipeline import run_pipeline
from tools.weights.detector_evaluation import REAL_FRAMES, REAL_TRUTH, evaluate_detector, labeled_frames

OTHER_STREETS = range(1000, 1100)  # seeds
LOWEST_SCORE = 0.02  # low enough for AP50 to include the whole curve
Row = dict[str, float]


def measure(name: str, source: str, truth: Path | None, detector: Sequence[str] = (), min_score: float = 0.0) -> Row:
    """Return AP50, recall and precision at the shipped score threshold, and refind_rate of all people in frame 0."""
    demo = ROOT / "confs" / "demo.yml"
    overrides = [f"input.frames_path={source}", *([f"input.truth={truth}"] if truth else []), *detector]
    settings = load_settings(demo, overrides)
    detector_at_lowest = create_detector(settings.detector.name, settings.detector.weights, min_score=LOWEST_SCORE)
    scores = evaluate_detector(detector_at_lowest, labeled_frames(source, truth), name)
    with tempfile.TemporaryDirectory() as folder:
        shipped = [*overrides, f"output.folder={folder}", *([f"detector.min_score={min_score}"] if min_score else [])]
        summary = run_pipeline(load_settings(demo, shipped))
    assert summary.truth is not None
    point = scores.at(min_score or shipped_score())
    return {
        "ap50": scores.ap50,
        "recall": point.recall,
        "precision": point.precision,
        "refind_rate": summary.truth.refind_rate,
    }


def shipped_score() -> float:
    """Return the score threshold on the card of the embedded detector."""
    return float(yaml.safe_load((EMBEDDED_WEIGHTS / "detector.yml").read_text(encoding="utf-8"))["min_score"])


def main() -> None:
    """Measure everything and print a table; the last line of the output is a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streets", type=int, default=10, help="number of unseen generated streets")
    options = parser.parse_args()
    demo = load_settings(ROOT / "confs" / "demo.yml").input.frames_path
    rows = {"the demo's street": measure("the demo's street", demo, None)}
    others = [measure(f"street {seed}", f"synthetic:{seed}", None) for seed in OTHER_STREETS[: options.streets]]
    rows[f"{len(others)} other streets (mean)"] = {
        key: float(np.mean([row[key] for row in others])) for key in others[0]
    }
    real = Path(os.environ.get("REID_REAL_DATA") or "nowhere")
    if (real / REAL_TRUTH).is_file():
        frames, truth = str(real / REAL_FRAMES), real / REAL_TRUTH
        rows["200 real frames"] = measure("200 real frames", frames, truth)
        yolox = ["detector.name=yolox_onnx", f"detector.weights={real / 'detectors/yolox_nano_coco.onnx'}"]
        rows["200 real frames, YOLOX-nano"] = measure("YOLOX-nano", frames, truth, yolox, min_score=0.35)
    print(f"\n{'in percent':32s} {'AP50':>6s} {'recall':>7s} {'precision':>10s} {'refind rate':>12s}")
    for name, row in rows.items():
        cells = [100 * row[key] for key in ("ap50", "recall", "precision", "refind_rate")]
        print(f"{name:32s} {cells[0]:6.1f} {cells[1]:7.1f} {cells[2]:10.1f} {cells[3]:12.1f}")
    print(json.dumps({name: {key: round(value, 4) for key, value in row.items()} for name, row in rows.items()}))


if __name__ == "__main__":
    main()
