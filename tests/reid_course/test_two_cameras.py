"""The evenings of exercise 10: who passed both cameras is the same person in the truth, and fog is where it should be."""

from pathlib import Path

import numpy as np
import pytest

from reid_course.two_cameras import two_cameras


def test_evenings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.delenv("REID_SMOKE", raising=False)
    street = two_cameras(3)
    assert street.vectors.shape[0] == len(street.crops) == 144
    assert np.linalg.norm(street.vectors, axis=1) == pytest.approx(np.ones(144), abs=1e-5)
    assert sorted(street.rows.ravel()) == list(range(144))
    darkest = np.array([crop.min() for crop in street.crops])
    assert darkest[street.rows[:, 1]].min() >= 115 > darkest[street.rows[:, 0]].max(), "fog before the second only"
    person = np.empty(144, int)
    person[street.rows] = np.arange(24)[:, None, None]
    for number in (0, 1):
        here, there, truth = street.evening(number)
        assert here.shape == there.shape == (18, 3) and (truth >= 0).sum() == 12
        for row, column in enumerate(truth):
            who = person[here[row, 0]]
            assert person[there[column, 0]] == who if column >= 0 else who not in person[there]
    assert not np.array_equal(street.evening(0)[0], street.evening(1)[0])
