"""Images of an evaluation: selection of queries, and what is drawn."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.embedding.operating_point import OperatingPoint
from learning_reid.metrics.detection import DetectionMetrics
from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import RetrievalMetrics, retrieval_metrics
from learning_reid.metrics.verification import PairDistances
from learning_reid.visualization import curves
from learning_reid.visualization.crop_grid import CORRECT, INCORRECT
from learning_reid.visualization.curves import (
    COLORS,
    draw_cmc_curves,
    draw_distance_histograms,
    draw_precision_recall_curve,
    draw_roc_curve,
)
from learning_reid.visualization.embedding_map import draw_embedding_map, select_rows
from learning_reid.visualization.ranked_lists import draw_ranked_lists, hardest_queries, nearest_candidates

MARKET = PROTOCOLS["market1501"]


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def count_pixels(image: np.ndarray, color: str) -> int:
    """Count the pixels of a color."""
    rgb = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
    return int((np.abs(image - rgb).max(axis=2) < 12).sum())


def test_each_curve_is_drawn(tmp_path: Path) -> None:
    both = [("ours", np.linspace(0.6, 1, 50)), ("other", np.linspace(0.3, 0.9, 50))]
    draw_cmc_curves(tmp_path / "two.png", both)
    draw_cmc_curves(tmp_path / "one.png", both[:1])
    two, one = pixels(tmp_path / "two.png"), pixels(tmp_path / "one.png")
    assert count_pixels(two, COLORS[0]) > 300 and count_pixels(two, COLORS[1]) > 300
    assert count_pixels(one, COLORS[0]) > 300 and count_pixels(one, COLORS[1]) == 0


def test_a_better_network_has_a_higher_roc_curve(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    impostor = rng.normal(1, 0.2, 5000)
    heights = []
    for away in (0.5, 0.9):
        draw_roc_curve(tmp_path / "roc.png", PairDistances.of(rng.normal(away, 0.2, 500), impostor))
        image = pixels(tmp_path / "roc.png")
        rgb = [int(COLORS[0][start : start + 2], 16) for start in (1, 3, 5)]
        heights.append(np.nonzero(np.abs(image - rgb).max(axis=2) < 12)[0].mean())
    assert heights[0] < heights[1]  # image rows count downwards


def test_a_better_detector_has_a_larger_area_under_its_curve(tmp_path: Path) -> None:
    areas = []
    for right in (20, 8):  # of 20 people, one in each image
        hits = np.arange(20) < right
        draw_precision_recall_curve(tmp_path / "a.png", DetectionMetrics(np.linspace(1, 0, 20), hits, 20), [0.5])
        image = pixels(tmp_path / "a.png")
        areas.append(count_pixels(image, "#e0ebf3"))  # the filled area
        assert count_pixels(image, COLORS[0]) > 100 and count_pixels(image, COLORS[1]) > 20
    assert areas[0] > 2 * areas[1] > 0


def test_histograms_and_thresholds_are_drawn(tmp_path: Path) -> None:
    point = OperatingPoint(
        "osnet_x0_25", "0", "cosine", 0.4, 0.2, 0.01, 0.009, 0.6, 0.2, 0.1, 0.1, 0.08, 0.5, 99, [5, 5], "folder abc", 0
    )
    rng = np.random.default_rng(0)
    draw_distance_histograms(
        tmp_path / "a.png", PairDistances.of(rng.normal(0.3, 0.1, 900), rng.normal(0.7, 0.1, 900)), point
    )
    image = pixels(tmp_path / "a.png")
    assert count_pixels(image, "#000000") > 500  # the lines of the thresholds are black, as is the text
    assert image.std() > 20


@pytest.fixture
def ranked() -> tuple[RetrievalMetrics, np.ndarray, Labels, Labels]:
    """Twelve persons, two queries each; the even ones are found, the odd ones are not."""
    query = Labels.of(np.repeat(np.arange(12), 2), np.ones(24, int))
    gallery = Labels.of(np.repeat(np.arange(12), 3), np.tile([1, 2, 2], 12))
    rng = np.random.default_rng(0)
    own = query.person[:, None] == gallery.person[None]
    distances = np.where(own, np.where(query.person[:, None] % 2, 2.0, 0.1), 1.0) + 0.01 * rng.random(own.shape)
    matches = find_matches(lambda rows: distances[rows], query, gallery, MARKET)
    return retrieval_metrics(matches, query, gallery, MARKET), distances, query, gallery


def test_hardest_queries_of_each_person_come_first_then_easier_ones(ranked) -> None:
    retrieval, _, query, _ = ranked
    rows = hardest_queries(retrieval, query.person)
    persons = query.person[rows]
    assert len(set(persons)) == len(rows) == 8
    assert (persons[:5] % 2 == 1).all() and (persons[-3:] % 2 == 0).all()
    average = retrieval.per_query["map"][rows]
    assert (np.diff(average) >= 0).all()
    assert len(hardest_queries(retrieval, query.person, count=100)) <= 12


def test_only_candidates_of_the_protocol_are_shown(ranked) -> None:
    _, distances, query, gallery = ranked
    rows, away = nearest_candidates(lambda rows: distances[rows], query, gallery, MARKET, 0, count=50)
    assert set(range(36)) - set(rows.tolist()) == {0}  # same person and camera as the query
    assert (np.diff(away) >= 0).all()
    single, _ = nearest_candidates(
        lambda rows: distances[rows], query, gallery, PROTOCOLS["single-camera"], 0, count=50
    )
    assert set(gallery.camera[single]) == {1}


@pytest.mark.slow
def test_matches_are_framed_green_and_red_below_literal_names(ranked, tmp_path: Path) -> None:
    retrieval, distances, query, gallery = ranked
    crop = np.full((64, 32, 3), 128, np.uint8)
    draw_ranked_lists(
        tmp_path / "a.png",
        retrieval,
        lambda rows: distances[rows],
        (query, gallery),
        lambda *_: crop,
        lambda *_: "$x^$李",
    )
    image = pixels(tmp_path / "a.png")
    upper, lower = np.array_split(image, [int(0.6 * len(image))])
    assert (
        count_pixels(upper, INCORRECT) > 1000 and count_pixels(upper, CORRECT) < 50
    )  # failures: no true match among the ten nearest
    assert count_pixels(lower, CORRECT) > 500


def test_the_embedding_map_selects_each_image_once() -> None:
    labels = Labels.of([0] * 50 + [1] * 3 + [-1] * 9, [0] * 62, [*range(50), 50, 51, 50, *range(60, 69)])
    rows = select_rows(labels)
    assert (labels.person[rows] >= 0).all()
    assert (labels.person[rows] == 0).sum() == 40 and (labels.person[rows] == 1).sum() == 2


def test_the_embedding_map_is_deterministic_and_needs_six_images(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = Labels.of(np.repeat(np.arange(4), 6), np.tile([0, 1], 12), np.arange(24))
    features = rng.standard_normal((4, 8))[labels.person] + 0.1 * rng.standard_normal((24, 8))
    names = ["a", "b", "c", "d"], ["1", "2"]
    assert draw_embedding_map(tmp_path / "a.png", features, labels, *names)
    assert draw_embedding_map(tmp_path / "b.png", features, labels, *names)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    few = np.arange(5)
    assert not draw_embedding_map(tmp_path / "c.png", features[few], labels.take(few), *names)
    assert not (tmp_path / "c.png").exists()


def test_the_axis_of_fractions_ends_at_100_percent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = []
    monkeypatch.setattr(curves, "save_figure", lambda figure, path: figures.append(figure))
    draw_cmc_curves(tmp_path / "a.png", [("plain", np.linspace(0.6, 1, 30)), ("re-ranked", np.ones(30))])
    assert figures[0].axes[0].get_ylim()[1] == 1
    assert not any(line.get_clip_on() for line in figures[0].axes[0].get_lines())  # markers at 100 % are not cut


def test_names_that_are_not_utf8_are_drawn_with_escapes(tmp_path: Path) -> None:
    draw_cmc_curves(tmp_path / "a.png", [(os.fsdecode(b"Zo\xeb"), np.linspace(0.6, 1, 30))])
    assert Image.open(tmp_path / "a.png").size[0] > 500
