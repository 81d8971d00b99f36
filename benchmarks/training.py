"""Compare our training recipe with torchreid's: same people, images, network, epochs and device.

    python benchmarks/training.py [--seeds 3] [--epochs 12] [--ablation]

Both train OSNet ×0.25 from random weights on the 160 training persons of `confs/reid.yml`, and are evaluated on the 200
test persons of the same generated dataset by the same code, by cosine distance. torchreid: its ImageSoftmaxEngine with
the defaults of its scripts. Ours: `confs/reid.yml`. With --ablation only ours, at half the image size, once for each
loss, with and without the moving average of the weights. A run takes minutes; existing runs are not repeated.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm

from learning_reid.config.load import read_settings
from learning_reid.config.training import TrainSettings
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.query_gallery_split import split_query_gallery
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.models.registry import create_model
from learning_reid.models.torchreid_models import without_tensorflow
from learning_reid.training import create_trainer, load_training_data, read_metrics, validate

ROOT = Path(__file__).resolve().parent.parent
PEER = "torchreid ImageSoftmaxEngine"
CONFIG = ROOT / "confs" / "reid.yml"
ABLATION = {
    "cross-entropy alone": ["loss.type=none"],
    "triplet alone": ["loss.type=triplet", "loss.softmax_weight=0"],
    "circle alone": ["loss.type=circle", "loss.softmax_weight=0"],
    "supervised contrastive alone": ["loss.type=supcon", "loss.softmax_weight=0"],
    "cross-entropy + triplet": ["loss.type=triplet"],
    "cross-entropy + circle": ["loss.type=circle"],
    "cross-entropy + supervised contrastive": ["loss.type=supcon"],
}


def settings_for(options: argparse.Namespace, seed: int, overrides: Sequence[str] = ()) -> TrainSettings:
    """Return `confs/reid.yml` with other epochs and a single validation at the end."""
    fixed = [f"schedule.epochs={options.epochs}", f"run.seed={seed}", f"run.validate_every={options.epochs}"]
    return read_settings(TrainSettings, CONFIG, [*fixed, f"data.root={options.data}", "run.device=cpu", *overrides])


def evaluate(weights: Path, settings: TrainSettings) -> float:
    """Measure mAP on the test persons of the generated dataset."""
    split = split_query_gallery(open_dataset("market1501", load_training_data(settings).validation.dataset.root))
    network = create_model(settings.model.arch, weights)
    height, width = settings.model.input_size
    return validate(network, split, Preprocessing(height, width), torch.device("cpu"))["map"]


def train_ours(settings: TrainSettings, run: Path) -> dict[str, float]:
    """Train with learning_reid; return mAP of the last weights and of their average, and the speed."""
    run.mkdir(parents=True, exist_ok=True)
    create_trainer(settings).train(run)
    speeds = [float(row["images_per_s"]) for row in read_metrics(run)]
    last = read_metrics(run)[-1]
    return {
        "map": evaluate(run / "weights/final.pt", settings),
        "validation": float(last["map"]),
        "validation_average": float(last["map_average"] or "nan"),
        "images_per_s": statistics.median(speeds),
    }


def train_torchreid(settings: TrainSettings, run: Path) -> dict[str, float]:
    """Train with torchreid's engine and the defaults of its scripts."""
    warnings.simplefilter("ignore")
    with without_tensorflow():
        from torchreid.reid import data, engine, models, optim
        from torchreid.reid.data.datasets.dataset import ImageDataset

    training = load_training_data(settings)
    samples = [
        (str(sample.path), int(person), int(camera))
        for sample, person, camera in zip(training.samples, training.labels, training.cameras, strict=True)
    ]

    class Generated(ImageDataset):
        """The same training persons."""

        def __init__(self, root: str = "", **keys: Any) -> None:
            super().__init__(samples, samples[:2], samples[:2], **keys)

    torch.manual_seed(settings.run.seed)
    data.register_image_dataset("generated", Generated)
    manager = data.ImageDataManager(
        sources="generated", height=256, width=128, transforms=["random_flip"], batch_size_train=32, use_gpu=False
    )
    model = models.build_model("osnet_x0_25", manager.num_train_pids, loss="softmax", pretrained=False, use_gpu=False)
    optimiser = optim.build_optimizer(model, optim="adam", lr=0.0003)
    scheduler = optim.build_lr_scheduler(optimiser, lr_scheduler="single_step", stepsize=20)
    trainer = engine.ImageSoftmaxEngine(manager, model, optimiser, scheduler=scheduler, use_gpu=False)
    trainer.start_epoch, trainer.max_epoch = 0, settings.schedule.epochs
    speeds = []
    for epoch in range(trainer.max_epoch):
        trainer.epoch = epoch
        start = time.perf_counter()
        trainer.train(print_freq=10**9)
        speeds.append(32 * trainer.num_batches / (time.perf_counter() - start))
    run.mkdir(parents=True, exist_ok=True)
    state = {name: tensor for name, tensor in model.state_dict().items() if not name.startswith("classifier")}
    torch.save({"state_dict": state}, run / "weights.pt")
    return {"map": evaluate(run / "weights.pt", settings), "images_per_s": statistics.median(speeds)}


def measure(name: str, options: argparse.Namespace, seed: int, overrides: Sequence[str] = ()) -> dict[str, float]:
    """Train in a separate process, or read the result of an earlier one."""
    run = options.folder / f"{name.replace(' ', '_')}-{seed}-{options.epochs}"
    result = run / "result.json"
    if not result.exists():
        side = "theirs" if name == PEER else "ours"
        command = [sys.executable, __file__, "--work", side, "--run", str(run), "--seed", str(seed)]
        command += ["--epochs", str(options.epochs), "--data", str(options.data), *overrides]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    return json.loads(result.read_text())


def main() -> None:
    """Run the comparison or the ablation; the last line of the output is a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--ablation", action="store_true", help="only ours, one run per loss")
    parser.add_argument("--data", type=Path, default=ROOT / "data/generated", help="folder of the generated dataset")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs/benchmark", help="folder of the runs")
    parser.add_argument("--work", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        settings = settings_for(options, options.seed, options.overrides)
        result = (train_ours if options.work == "ours" else train_torchreid)(settings, options.run)
        (options.run / "result.json").write_text(json.dumps(result))
    elif options.ablation:
        ablation(options)
    else:
        compare(options)


def compare(options: argparse.Namespace) -> None:
    """Train both sides, alternating, with several seeds."""
    runs: dict[str, list[dict[str, float]]] = {"ours": [], PEER: []}
    for seed in tqdm(range(options.seeds), desc="seeds"):
        for name in runs:
            runs[name].append(measure(name, options, seed))
    print(
        f"OSNet ×0.25 from random weights, 160 generated persons, {options.epochs} epochs, {options.seeds} seeds, CPU\n"
    )
    print(f"{'':<32}{'mAP, 200 test persons':>24}{'spread':>9}{'images/s':>11}")
    mean, speed = {}, {}
    for name, results in runs.items():
        maps = [100 * result["map"] for result in results]
        mean[name], spread = statistics.mean(maps), statistics.stdev(maps) if len(maps) > 1 else 0.0
        speed[name] = statistics.median(result["images_per_s"] for result in results)
        print(f"{name:<32}{mean[name]:>24.1f}{spread:>9.1f}{speed[name]:>11.0f}")
    comparisons = [
        {"name": "mAP", "unit": "%", "peer": PEER, "ours": mean["ours"], "theirs": mean[PEER],
         "ratio": mean["ours"] / mean[PEER],
         "each": {name: [run["map"] for run in both] for name, both in runs.items()}},
        {"name": "speed", "unit": "images/s", "peer": PEER, "ours": speed["ours"], "theirs": speed[PEER],
         "ratio": speed["ours"] / speed[PEER]},
    ]  # fmt: skip
    print(f"\nspeed × {speed['ours'] / speed[PEER]:.2f}")
    print(json.dumps({"comparisons": comparisons}))


def ablation(options: argparse.Namespace) -> None:
    """Train once per loss; print validation mAP of the last weights and of their average."""
    results = {}
    for name, overrides in tqdm(ABLATION.items(), desc="losses"):
        results[name] = measure(name, options, 0, [*overrides, "model.input_size=[128,64]"])
    print(
        f"OSNet ×0.25 from random weights, 160 generated persons, {options.epochs} epochs, 128×64, one seed; "
        "mAP on 40 validation persons\n"
    )
    print("| loss | last weights | moving average (EMA) |\n|---|---|---|")
    for name, result in results.items():
        print(f"| {name} | {100 * result['validation']:.1f} | {100 * result['validation_average']:.1f} |")
    print(json.dumps({"ablation": results}))


if __name__ == "__main__":
    main()
