"""The synthetic street in a browser with the real networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from learning_reid.frames.mot import read_mot
from learning_reid.metrics.detection import iou_matrix
from reid_store.app import footage
from reid_store.app.start import build_app, start_app


@pytest.mark.slow
def test_person_of_the_street_is_found_again(browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footage, "STREET", replace(footage.STREET, cameras=2, frames=3))
    monkeypatch.setenv("GRADIO_TEMP_DIR", "put back at the end")
    app = build_app()
    try:
        page = browser.new_page()
        page.set_default_timeout(240_000)
        page.goto(start_app(app))
        page.click("#open")
        page.wait_for_selector("#status .progress-text, .reid-frame .person")
        page.wait_for_selector(".reid-frame .person")
        assert "frames of 2 cameras" in page.inner_text("#status")
        person = page.locator(".reid-frame .person").last
        query_id = int(person.get_attribute("data-detection"))
        person.click()
        page.wait_for_selector(".reid-matches ol")
        first = int(page.locator(".reid-matches li button").first.get_attribute("data-detection"))
        assert page.input_value("#threshold input[type=number]") == "0.49", "the calibrated threshold"
        (session,) = app.app_state._sessions.values()
        assert true_person(session, query_id) == true_person(session, first) >= 0
        page.close()
    finally:
        app.close(verbose=False)


def true_person(session: Any, detection: int) -> int:
    """Return the true person of a detection; -1 = none."""
    from reid_store.browse import find_frame, read_frame_detections

    frame = find_frame(session.footage.engine, detection)
    record = next(one for frames in session.footage.frames.values() for one in frames if one.frame == frame)
    truth = read_mot(f"{record.source}/gt.txt").at(record.index)
    (box,) = (
        [one.x1, one.y1, one.x2, one.y2]
        for one in read_frame_detections(session.footage.engine, frame)
        if one.id == detection
    )
    overlap = iou_matrix(np.array([box], np.float32), truth.boxes_xyxy)[0]
    return int(truth.person_id[overlap.argmax()]) if overlap.max(initial=0) >= 0.5 else -1
