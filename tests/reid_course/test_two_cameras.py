"""Data of exercise 10: true matches are the same person, and only the second camera is foggy."""

from pathlib import Path

import numpy as np
import pytest

from reid_course.two_cameras import open_two_cameras


@pytest.mark.slow
def test_sampled_tracklets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.delenv("REID_SMOKE", raising=False)
    street = open_two_cameras(3)
    assert street.vectors.shape[0] == len(street.crops) == 144
    assert np.linalg.norm(street.vectors, axis=1) == pytest.approx(np.ones(144), abs=1e-5)
    assert sorted(street.rows.ravel()) == list(range(144))
    darkest = np.array([crop.min() for crop in street.crops])
    assert darkest[street.rows[:, 1]].min() >= 115 > darkest[street.rows[:, 0]].max(), "only the second camera is foggy"
    person = np.empty(144, int)
    person[street.rows] = np.arange(24)[:, None, None]
    for number in (0, 1):
        first, second, truth = street.sample_tracklets(number)
        assert first.shape == second.shape == (18, 3) and (truth >= 0).sum() == 12
        for row, column in enumerate(truth):
            expected = person[first[row, 0]]
            assert person[second[column, 0]] == expected if column >= 0 else expected not in person[second]
    assert not np.array_equal(street.sample_tracklets(0)[0], street.sample_tracklets(1)[0])
