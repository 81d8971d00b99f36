"""Write the folder of an evaluation: JSON, tables and plots."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from learning_reid.datasets.images import read_crop
from learning_reid.datasets.retrieval_task import RetrievalTask
from learning_reid.evaluation.result import EvaluationResult, result_to_json
from learning_reid.evaluation.tables import result_text
from learning_reid.io.atomic_write import write_text
from learning_reid.io.error_collector import ErrorCollector
from learning_reid.io.output_folder import write_json
from learning_reid.visualization.curves import draw_cmc_curves, draw_roc_curve
from learning_reid.visualization.embedding_map import draw_embedding_map
from learning_reid.visualization.ranked_lists import draw_ranked_lists

NAMES = ("evaluation.json", "evaluation.md", "cmc.png", "roc.png", "ranked.png", "features.png")


def write_evaluation(folder: Path, result: EvaluationResult) -> list[Path]:
    """Write all files of an evaluation.

    Args:
        folder: An existing folder.
        result: Result of the evaluation.

    Returns:
        The files written.

    Raises:
        UserError: Some files cannot be written; the others are.
    """
    for name in NAMES:
        (folder / name).unlink(missing_ok=True)  # an earlier evaluation's file would be mistaken for this one's
    task = result.task
    labels = task.split.query_labels, task.split.gallery_labels
    names = list(task.split.persons), list(task.split.cameras)
    if result.protocols:
        curves = [(metrics.protocol.name, metrics.cmc) for metrics in result.protocols if metrics.queries]
    else:
        curves = [(method.name, method.metrics.cmc) for method in result.methods]
    writers: dict[str, Callable[[Path], object]] = {
        "evaluation.json": lambda file: write_json(file, result_to_json(result)),
        "evaluation.md": lambda file: write_text(file, result_text(result, long=True)),
        "cmc.png": lambda file: draw_cmc_curves(file, curves),
        "ranked.png": lambda file: draw_ranked_lists(
            file, result.metrics, result.distance_rows, labels, *_crops_and_names(task)
        ),
        "features.png": lambda file: draw_embedding_map(file, task.all_features, task.split.all_labels, *names),
    }
    if result.pairs is not None:
        writers["roc.png"] = partial(draw_roc_curve, pairs=result.pairs)
    with ErrorCollector() as problems:
        for name in NAMES:
            if name in writers:
                with problems.step():
                    writers[name](folder / name)
    return [folder / name for name in NAMES if (folder / name).is_file()]


def _crops_and_names(task: RetrievalTask) -> tuple[Callable[[str, int], np.ndarray], Callable[[str, int], str]]:
    samples = {"query": task.split.query, "gallery": task.split.gallery}

    def crop_of(role: str, row: int) -> np.ndarray:
        return read_crop(samples[role][row])

    def name_of(role: str, row: int) -> str:
        sample = samples[role][row]
        camera = f", camera {sample.camera_id}" if sample.camera_id else ""
        return f"{'distractor' if sample.person_id is None else sample.person_id[:14]}{camera}"

    return crop_of, name_of
