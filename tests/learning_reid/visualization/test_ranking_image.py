"""`ranking.png`: matches from different times in rank order, colored by the ground truth."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.ranking import rank_later_detections
from learning_reid.visualization import ranking_image
from learning_reid.visualization.drawing import ORANGE
from learning_reid.visualization.ranking_image import (
    CORRECT,
    INCORRECT,
    NEUTRAL,
    draw_ranking,
    drawn_rows,
    matches_over_time,
)


def make_detections(frames: int, per_frame: int = 3) -> PersonDetections:
    rng = np.random.default_rng(0)
    n = frames * per_frame
    return PersonDetections(
        frame=np.repeat(np.arange(frames), per_frame),
        detection=np.tile(np.arange(per_frame), frames),
        boxes_xyxy=np.zeros((n, 4), np.float32),
        score=np.ones(n, np.float32),
        embeddings=rng.normal(size=(n, 8)).astype(np.float32),
        frames_read=np.arange(frames),
    )


@pytest.mark.parametrize(("frames", "columns"), [(41, 8), (5, 8), (9, 8), (10, 8), (2, 8)])
def test_one_match_of_each_interval_nearest_first(frames: int, columns: int) -> None:
    seen = make_detections(frames)
    ranking = rank_later_detections(seen, 0)
    chosen = matches_over_time(seen, ranking, columns)
    assert len(chosen) == min(columns, frames - 1)
    assert ranking.rank[chosen].tolist() == sorted(ranking.rank[chosen]) and ranking.rank[chosen[0]] == 1
    if frames == 41:  # 40 later frames: the nearest of each 5
        for start in range(1, 41, 5):
            inside = [i for i, row in enumerate(ranking.rows) if start <= seen.frame[row] < start + 5]
            assert min(inside, key=lambda i: ranking.distances[i]) in chosen


def has(image: np.ndarray, color: str | tuple[int, int, int]) -> bool:
    rgb = ImageColor.getrgb(color) if isinstance(color, str) else color
    return bool((np.abs(image.astype(int) - rgb).max(axis=2) <= 2).sum() > 50)


def draw(path: Path, frames: int, queries: int, known: bool, reject_above: float | None = None) -> np.ndarray:
    seen = make_detections(frames, per_frame=max(3, queries))
    rankings = [rank_later_detections(seen, query, reject_above=reject_above) for query in range(queries)]
    crops = {row: np.full((20 + row % 30, 12, 3), 128, np.uint8) for row in drawn_rows(seen, rankings)}
    draw_ranking(path, seen, rankings, crops, seen.detection % 2 if known else None)
    return np.asarray(Image.open(path).convert("RGB"))


def test_matches_are_colored_only_with_ground_truth(tmp_path: Path) -> None:
    known, unknown = draw(tmp_path / "a.png", 20, 2, True), draw(tmp_path / "b.png", 20, 2, False)
    assert has(known, ORANGE) and has(known, CORRECT) and has(known, INCORRECT)
    assert has(unknown, ORANGE) and has(unknown, NEUTRAL) and not has(unknown, CORRECT) and not has(unknown, INCORRECT)


def test_further_queries_are_not_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking_image, "MAX_QUERIES", 2)
    assert draw(tmp_path / "a.png", 4, 2, True).shape == draw(tmp_path / "b.png", 4, 5, True).shape


def test_crops_of_rejected_matches_are_pale(tmp_path: Path) -> None:
    near, far = draw(tmp_path / "a.png", 9, 1, False), draw(tmp_path / "b.png", 9, 1, False, reject_above=1e-3)
    assert (near == 128).all(axis=2).sum() > 3 * (far == 128).all(axis=2).sum() > 0  # the query itself stays
