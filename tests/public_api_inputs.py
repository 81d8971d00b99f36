"""Inputs for every public function: see `test_public_api.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


class MatrixRows:
    """A DistanceRows function that hands out views of a matrix."""

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        return self.matrix[rows[0] : rows[-1] + 1]


RNG_SEED = 0


def rng() -> np.random.Generator:
    return np.random.default_rng(RNG_SEED)


def features(n: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def boxes(n: int) -> np.ndarray:
    corners = rng().uniform(0, 50, (n, 2))
    return np.concatenate([corners, corners + rng().uniform(20, 60, (n, 2))], axis=1).astype(np.float32)


def image(height: int = 128, width: int = 128) -> np.ndarray:
    return rng().integers(0, 256, (height, width, 3), dtype=np.uint8)


def labels() -> tuple[Any, Any]:
    from learning_reid.metrics import Labels

    return Labels.of(np.arange(6) % 3, np.zeros(6, int), np.arange(6)), Labels.of(np.arange(9) % 3, np.ones(9, int))


def distances() -> np.ndarray:
    return rng().random((6, 9))


def market() -> Any:
    from learning_reid.metrics import PROTOCOLS

    return PROTOCOLS["market1501"]


def matches() -> Any:
    from learning_reid.metrics import find_matches

    return find_matches(MatrixRows(distances()), *labels(), market())


def metrics() -> Any:
    from learning_reid.metrics import retrieval_metrics

    return retrieval_metrics(matches(), *labels(), market())


def pairs() -> tuple[np.ndarray, np.ndarray]:
    return rng().random(50), rng().random(70) + 0.3


def pair_distances() -> Any:
    from learning_reid.metrics import PairDistances

    return PairDistances.of(*pairs())


def found_people() -> Any:
    from learning_reid.metrics import detection_metrics

    return detection_metrics([(boxes(4), rng().random(4))], [boxes(4)])


def person_detections() -> Any:
    from learning_reid.retrieval import PersonDetections

    frame = np.repeat(np.arange(4), 2)
    return PersonDetections(frame, np.tile([0, 1], 4), boxes(8), np.ones(8, np.float32), features(8), np.arange(4))


def rankings() -> list[Any]:
    from learning_reid.retrieval import rank_later_detections

    return [rank_later_detections(person_detections(), 0)]


def mot_table() -> Any:
    from learning_reid.frames import MotTable

    return MotTable(np.repeat(np.arange(4), 2), np.tile([1, 2], 4), boxes(8), np.ones(8, np.float32))


def detection_table() -> Any:
    from learning_reid.tracking import DetectionTable

    frame = np.repeat(np.arange(20), 2)
    moving = np.tile(boxes(2), (20, 1)) + frame[:, None].astype(np.float32)
    embeddings = np.tile(features(2), (20, 1))
    return DetectionTable(
        np.arange(40),
        np.zeros(40, int),
        frame,
        frame,
        frame / 10.0,
        moving,
        np.ones(40, np.float32),
        embeddings,
        ("a",),
    )


def tracklets() -> Any:
    from learning_reid.tracking import summarize_tracklets

    table = detection_table()
    columns = table.camera, table.time_s, table.boxes_xyxy, table.score, table.embeddings
    return summarize_tracklets(np.tile([0, 1], 20), *columns)


def camera_truth() -> dict[str, Any]:
    from learning_reid.frames import MotTable
    from learning_reid.tracking import CameraTruth

    table = detection_table()
    truth = MotTable(table.frame, np.tile([1, 2], 20), table.boxes_xyxy, table.score)
    return {"a": CameraTruth(truth, frozenset(range(20)))}


def samples() -> list[Any]:
    from learning_reid.datasets import Sample

    return [Sample(Path(f"{p}_{c}.jpg"), str(p), str(c)) for p in range(8) for c in (1, 2)]


def dataset() -> Any:
    from learning_reid.datasets import CropDataset

    return CropDataset("folder", Path("/data"), samples())


def split() -> Any:
    from learning_reid.datasets import split_query_gallery

    return split_query_gallery(dataset())


def task() -> Any:
    from learning_reid.datasets import create_retrieval_task

    persons = np.repeat(features(8), 2, axis=0)[[*range(0, 16, 2), *range(1, 16, 2)]]
    return create_retrieval_task(split(), persons + 0.1 * features(16, seed=1), "euclidean")


def operating_point() -> Any:
    from learning_reid.embedding import load_operating_point

    return load_operating_point("osnet_x0_25", "embedded", "euclidean")


def evaluation_result() -> Any:
    from learning_reid.evaluation import EvaluationResult, RankingMethod
    from learning_reid.evaluation.options import ModelOptions
    from learning_reid.metrics import find_matches, metrics_by_person, retrieval_metrics
    from learning_reid.metrics.retrieval import METRICS

    ready = task()
    both = ready.split.query_labels, ready.split.gallery_labels
    scored = retrieval_metrics(find_matches(ready.distance_rows(), *both, market()), *both, market())
    return EvaluationResult(
        task=ready, model=ModelOptions().describe(), data="abc", methods=[RankingMethod("plain", scored, 0.1)],
        distance_rows=MatrixRows(rng().random((8, 8))), protocols=[], intervals={name: (0.1, 0.9) for name in METRICS},
        pairs=pair_distances(), open_set={"0.1": 0.5}, camera_pairs=[], persons=metrics_by_person(scored, both[0]),
        notes=["note"],
    )  # fmt: skip


def paired_tests() -> dict[str, Any]:
    from learning_reid.metrics import PairedTest

    return {"map": PairedTest(0.1, 0.0, 0.2, 0.04, 8)}


def tensors() -> tuple[Any, Any]:
    import torch

    return torch.randn(8, 16, generator=torch.Generator().manual_seed(0)), torch.arange(8) // 2


def centers() -> Any:
    import torch

    return torch.randn(4, 16, generator=torch.Generator().manual_seed(1))


def frame() -> Any:
    from learning_reid.frames import Frame

    return Frame(0, "0.jpg", image())


def sv_detections() -> Any:
    import supervision as sv

    return sv.Detections(boxes(3), confidence=np.array([0.9, 0.8, 0.7], np.float32))


def truth_rows() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    return [(np.array([1, 2]), boxes(2), np.ones(2, np.float32))] * 2


def scene_truth() -> Any:
    from reid_synth import concat_truth

    return concat_truth(truth_rows())


def search_hits() -> list[Any]:
    from reid_store import SearchHit

    return [SearchHit(1, 0.5, "a", 0.0, 3, boxes(1)[0], jpeg(), None, None)]


def jpeg() -> bytes:
    import cv2

    return cv2.imencode(".jpg", image(64, 32))[1].tobytes()


def sprite() -> Any:
    from reid_synth.people.rendering import Sprite

    return Sprite(rng().integers(0, 256, (20, 10, 4), dtype=np.uint8), (5.0, 19.0))


def figure() -> Any:
    from learning_reid.visualization import create_figure

    return create_figure(4, 3)


def crop_cells() -> list[list[Any]]:
    from learning_reid.visualization import CropCell

    return [[CropCell(image(64, 32), "black")]]


def rules() -> Any:
    from learning_reid.tracking import TrackletRules

    return TrackletRules(0.8)


def clustering() -> Any:
    from learning_reid.tracking import cluster_detections

    return cluster_detections(detection_table(), 0.5)


def labeled_boxes() -> list[Any]:
    from learning_reid.visualization import QUERY_STYLE, LabeledBox

    return [LabeledBox(box, QUERY_STYLE, "1") for box in boxes(2)]


Inputs = Callable[[Path], tuple[Any, ...]]
CALLS: dict[str, Inputs] = {
    # learning_reid
    "evaluate_retrieval": lambda tmp: (
        distances(),
        np.arange(6) % 3,
        np.arange(9) % 3,
        np.zeros(6, int),
        np.ones(9, int),
    ),
    # learning_reid.datasets
    "create_retrieval_task": lambda tmp: (split(), features(16), "cosine"),
    "measure_features": lambda tmp: (features(5), features(5, 1)),
    "sample_name": lambda tmp: (samples()[0], dataset()),
    "save_embeddings": lambda tmp: (tmp / "a.npz", samples(), features(16), dataset()),
    "select_identities": lambda tmp: (dataset(), frozenset({"1", "2"})),
    "split_by_identity": lambda tmp: (samples(), 0.5, 0),
    "split_query_gallery": lambda tmp: (dataset(), ["1"]),
    # learning_reid.detection
    "crop_detections": lambda tmp: (frame(), sv_detections()),
    "crop_image": lambda tmp: (image(), np.array([5.0, 5, 60, 100])),
    "to_detections": lambda tmp: (boxes(3), np.array([0.9, 0.8, 0.1]), (128, 128, 3), 0.5),
    # learning_reid.embedding
    "l2_normalize": lambda tmp: (features(5) * 3,),
    # learning_reid.evaluation
    "calibrate": lambda tmp: (task(), 0.5, 0.5),
    "calibration_text": lambda tmp: (operating_point(),),
    "comparison_text": lambda tmp: (paired_tests(), tmp / "a.json"),
    "result_text": lambda tmp: (evaluation_result(), True),
    "result_to_json": lambda tmp: (evaluation_result(),),
    "verification_metrics": lambda tmp: (pair_distances(),),
    # learning_reid.frames
    "format_mot": lambda tmp: (mot_table(),),
    "natural_sort": lambda tmp: (["10", "9"],),
    "truth_table": lambda tmp: (scene_truth(),),
    # learning_reid.losses
    "arcface_logits": lambda tmp: (*tensors(), centers()),
    "arcface_loss": lambda tmp: (*tensors(), centers()),
    "center_loss": lambda tmp: (*tensors(), centers()),
    "circle_loss": lambda tmp: tensors(),
    "cross_entropy": lambda tmp: tensors(),
    "pair_masks": lambda tmp: tensors()[1:],
    "supervised_contrastive_loss": lambda tmp: tensors(),
    "triplet_loss": lambda tmp: tensors(),
    # learning_reid.metrics
    "assign_identities": lambda tmp: (boxes(4), boxes(4), np.arange(4), np.array([1, 1, 0, 1])),
    "average_precision": lambda tmp: (np.array([True, False, True]),),
    "bootstrap_interval": lambda tmp: (rng().random(20), np.arange(20) // 4),
    "cmc_curve": lambda tmp: ([np.array([True, False]), np.array([False, True, True])],),
    "collect_pairs": lambda tmp: (MatrixRows(distances()), *labels()),
    "coco_average_precision": lambda tmp: ([(boxes(4), rng().random(4))], [boxes(4)], [boxes(2)]),
    "detection_metrics": lambda tmp: ([(boxes(4), rng().random(4))], [boxes(4)], [boxes(2)]),
    "is_inside": lambda tmp: (boxes(4), boxes(2)),
    "dir_at_far": lambda tmp: (matches(), 0.5),
    "eer": lambda tmp: pairs(),
    "evaluate_rankings": lambda tmp: (person_detections(), rankings(), mot_table()),
    "far_at_tar": lambda tmp: pairs(),
    "find_matches": lambda tmp: (MatrixRows(distances()), *labels(), market()),
    "has_true_match": lambda tmp: (*labels(), market()),
    "identity_metrics": lambda tmp: (np.array([0, 0, 1]), np.arange(3), np.array([5, 5, 6]), {5: 2, 6: 1}),
    "identity_switches": lambda tmp: (np.array([1, 1, 2]), np.array([1, 2, 2]), np.zeros(3), np.arange(3)),
    "iou_matrix": lambda tmp: (boxes(3), boxes(4)),
    "match_boxes": lambda tmp: (boxes(3), boxes(4)),
    "metrics_by_camera_pair": lambda tmp: (MatrixRows(distances()), *labels(), market()),
    "metrics_by_person": lambda tmp: (metrics(), labels()[0]),
    "paired_test": lambda tmp: (rng().random(20), rng().random(20) / 2, np.arange(20) // 4, 100),
    "pairwise_metrics": lambda tmp: (np.array([1, 1, 2]), np.array([5, 5, 5])),
    "purity": lambda tmp: (np.array([1, 1, 2]), np.array([5, 5, 5])),
    "reidentification_metrics": lambda tmp: (
        [7],
        [np.array([0.2, 0.1])],
        [np.array([1, 1])],
        [np.array([7, 8])],
        [np.array([1])],
    ),
    "retrieval_metrics": lambda tmp: (matches(), *labels(), market(), "interpolated"),
    "roc_curve": lambda tmp: pairs(),
    "tar_at_far": lambda tmp: (*pairs(), 0.1),
    "threshold_at_far": lambda tmp: (*pairs(), 0.1),
    "true_identities": lambda tmp: (person_detections(), mot_table()),
    # learning_reid.retrieval
    "alpha_query_expansion": lambda tmp: (features(3), features(9, 1), 4),
    "average_query_expansion": lambda tmp: (features(3), features(9, 1), 4),
    "cosine_distance": lambda tmp: (features(3), features(9, 1)),
    "distance_rows": lambda tmp: (features(3), features(9, 1), "euclidean"),
    "euclidean_distance": lambda tmp: (features(3), features(9, 1)),
    "k_reciprocal_rerank": lambda tmp: (features(3), features(9, 1), 4, 2),
    "rank_later_detections": lambda tmp: (person_detections(), 0),
    "reranked_distance_rows": lambda tmp: (features(3), features(9, 1), 4, 2),
    "search": lambda tmp: (features(3), features(9, 1), 4, "cosine", 0.5),
    "select_queries": lambda tmp: (person_detections(), 0, [0, 1]),
    # learning_reid.tracking
    "average_linkage": lambda tmp: (1 - np.eye(4), 0.5, np.ones(4)),
    "cannot_link_mask": lambda tmp: (tracklets(),),
    "cluster_detections": lambda tmp: (detection_table(), 0.5),
    "estimate_threshold": lambda tmp: (detection_table(),),
    "cluster_tracklets": lambda tmp: (tracklets(), 0.5),
    "impostor_quantile": lambda tmp: (np.repeat(np.arange(30), 2), np.tile(boxes(2), (30, 1)), features(60)),
    "link_tracklets": lambda tmp: (
        detection_table().time_s,
        detection_table().boxes_xyxy,
        detection_table().embeddings,
        rules(),
    ),
    "match_ground_truth": lambda tmp: (detection_table(), camera_truth()),
    "score_clustering": lambda tmp: (detection_table(), clustering(), camera_truth()),
    "summarize_tracklets": lambda tmp: (
        np.tile([0, 1], 20),
        detection_table().camera,
        detection_table().time_s,
        detection_table().boxes_xyxy,
        detection_table().score,
        detection_table().embeddings,
    ),
    # learning_reid.training
    "mix_styles": lambda tmp: (tensors()[0].view(8, 4, 2, 2), tensors()[0][:, 0].sigmoid(), tensors()[1]),
    # learning_reid.visualization
    "annotate_frame": lambda tmp: (frame(), person_detections(), rankings()),
    "draw_boxes": lambda tmp: (image(), labeled_boxes(), "caption"),
    "draw_cmc_curves": lambda tmp: (tmp / "a.png", [("plain", np.linspace(0.5, 1, 50))]),
    "draw_crop_grid": lambda tmp: (figure(), crop_cells(), 1),
    "draw_distance_histograms": lambda tmp: (tmp / "a.png", pair_distances(), operating_point()),
    "draw_embedding_map": lambda tmp: (tmp / "a.png", features(9), labels()[1], ["a", "b", "c"], ["1", "2"]),
    "draw_ranked_lists": lambda tmp: (
        tmp / "a.png",
        metrics(),
        MatrixRows(distances()),
        labels(),
        lambda role, row: image(64, 32),
        lambda role, row: role,
    ),
    "draw_ranking": lambda tmp: (
        tmp / "a.png",
        person_detections(),
        rankings(),
        {row: image(64, 32) for row in range(8)},
        np.arange(8),
    ),
    "draw_precision_recall_curve": lambda tmp: (tmp / "a.png", found_people(), [0.5]),
    "draw_roc_curve": lambda tmp: (tmp / "a.png", pair_distances()),
    "drawn_rows": lambda tmp: (person_detections(), rankings()),
    "matches_over_time": lambda tmp: (person_detections(), rankings()[0]),
    "show_crop": lambda tmp: (figure().subplots(), image(64, 32), "black"),
    "write_rankings_csv": lambda tmp: (tmp / "a.csv", person_detections(), rankings(), True),
    # reid_store
    "blur_faces": lambda tmp: (image(),),
    "blur_people": lambda tmp: (image(),),
    "draw_hits": lambda tmp: (tmp / "a.png", image(64, 32), search_hits(), 0.6),
    "format_hits": lambda tmp: (search_hits(), 0.6),
    "is_match": lambda tmp: (search_hits()[0], 0.6),
    # reid_synth
    "concat_truth": lambda tmp: (truth_rows(),),
    "measure_crop": lambda tmp: (image(),),
    "measure_crops": lambda tmp: ([image(), image()],),
    "paste": lambda tmp: (image(), sprite(), np.array([60.0, 100.0])),
}
KEYWORDS = {"calibrate": {"embedder": "osnet_x0_25", "weights_sha256": "abc", "data": "folder abc"}}

NOT_CALLED = {
    **dict.fromkeys(["dump_settings", "load_settings", "read_settings", "run_pipeline"], "takes settings, which are pydantic models"),
    **dict.fromkeys(
        ["embed_samples", "fingerprint", "identify", "load_embeddings", "read_crop", "compare_images"], "reads image files"
    ),
    **dict.fromkeys(["prepare_task", "evaluate_dataset", "draw_identifications", "draw_similarity_table", "write_csv"], "reads image files"),
    **dict.fromkeys(["compare_results", "write_evaluation"], "reads or writes files; their inputs are only formatted"),
    **dict.fromkeys(["evaluate_protocols", "protocols_text", "make_features", "view_names"], "takes a frozen plan of numbers"),
    **dict.fromkeys(["check_accuracy", "compare_features", "export_model"], "takes models"),
    **dict.fromkeys(["load_weights", "batch_loss", "save_figure"], "its purpose is to change or wrap its argument"),
    **dict.fromkeys(["apply_mixstyle", "build_optimizer", "validate", "on_main_process", "read_metrics"], "takes models"),
    **dict.fromkeys(
        [
            "build_training_model", "create_run", "create_trainer", "evaluation_identities", "load_run_settings",
            "load_training_data", "locate_data", "lr_factor",
        ],
        "takes training settings, which are pydantic models",
    ),
    **dict.fromkeys(["draw_training_curves", "fetch_published", "parse_models", "notes_on_use", "notes_on_weights"], "takes text only"),
    **dict.fromkeys(
        [
            "compare_models", "correct_persons", "delete_older", "extract", "find_embedder", "index_embeddings",
            "read_camera_truth", "read_corrected", "read_detections", "read_embedding", "read_thumbnail", "read_timeline", "register_models",
            "search_store", "summarize_timeline", "write_lock", "write_persons", "write_timeline",
        ],
        "works on a database",
    ),
    **dict.fromkeys(
        [
            "adjust_preset", "attributes_of", "build_figure", "cached_dataset", "change_clothes", "compose_street",
            "draw_face", "empty_street", "near_copy", "render_crop", "render_face_crop", "render_person",
            "sample_camera_response", "sample_crop_camera", "sample_face", "sample_face_camera", "sample_faces",
            "sample_people", "sample_person", "sample_weather", "sibling", "write_faces", "write_market", "write_views",
        ],
        "generates data from frozen descriptions and a random generator, whose state advances",
    ),
    **dict.fromkeys(
        [
            "compare_with_published", "draw_visits", "evaluate_features", "images_per_s", "lesson_split", "mean_ap", "number_visits",
            "open_domain", "open_faces", "open_people", "render_cameras", "restyle", "show", "show_crops", "show_image", "student_split", "train_network",
        ],
        "draws, trains or measures in a lesson; tests/reid_course and the executed lessons cover it",
    ),
}  # fmt: skip
