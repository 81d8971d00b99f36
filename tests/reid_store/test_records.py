"""Rows of networks."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from learning_reid.config.schema import DetectorSettings
from reid_store.records import get_detector_row
from tests.reid_store.conftest import ThreePeopleDetector


@pytest.mark.parametrize(("min_score", "text"), [(None, "the score it ships with"), (0.25, "score 0.25 or more")])
def test_texts_that_identify_a_detector_in_existing_stores_do_not_change(
    engine: Engine, min_score: float | None, text: str
) -> None:
    detector = ThreePeopleDetector()
    detector.weights = Path(__file__)  # type: ignore[attr-defined]
    settings = DetectorSettings(min_score=min_score)
    with Session(engine) as session, session.begin():
        row = get_detector_row(session, settings, detector)  # type: ignore[arg-type]
        assert row.preprocessing == text
        assert get_detector_row(session, settings, detector).id == row.id  # type: ignore[arg-type]
