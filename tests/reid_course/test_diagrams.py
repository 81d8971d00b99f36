"""Diagrams: each is drawn, has a caption, and shows what its caption says."""

import io
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from reid_course.diagrams import DIAGRAMS, data, evaluation, show_diagram
from reid_course.figures import COLORS, STYLE


@pytest.fixture(autouse=True)
def lesson_style() -> Iterator[None]:
    with plt.rc_context(STYLE):
        yield
    plt.close("all")


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_leaves_no_text_outside_the_image(name: str) -> None:
    draw, caption = DIAGRAMS[name]
    figure = draw()
    buffer = io.BytesIO()
    figure.savefig(buffer, facecolor="white")
    pixels = np.asarray(Image.open(buffer).convert("L"))
    assert (pixels < 128).mean() > 0.005 and caption.endswith(".") and len(caption) > 50
    bounds = figure.bbox
    texts = [text for axes in figure.axes for text in (*axes.texts, axes.title, axes.xaxis.label, axes.yaxis.label)]
    for text in (text for text in texts if text.get_text()):
        extent = text.get_window_extent()
        assert extent.x0 >= bounds.x0 and extent.x1 <= bounds.x1, text.get_text()
        assert extent.y0 >= bounds.y0 and extent.y1 <= bounds.y1, text.get_text()


def test_pairs_of_the_batch_are_counted_as_in_the_caption() -> None:
    (axes,) = data.draw_pk_batch().axes
    cells = [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_width() == 0.165]
    green = [cell for cell in cells if plt.matplotlib.colors.to_hex(cell.get_facecolor()) == COLORS[2]]
    assert len(cells) == 256 and len(green) == 2 * 24  # each pair twice
    assert "24 positive and 96 negative" in DIAGRAMS["pk_batch"][1] and (256 - 16 - 48) / 2 == 96


def test_reciprocal_neighbors_are_those_of_the_caption() -> None:
    neighbors = evaluation.nearest("q", 4)
    mutual = sorted(name for name in neighbors if "q" in evaluation.nearest(name, 4))
    assert mutual == ["a", "b", "c"] and set(neighbors) - set(mutual) == {"x"}


def test_show_diagram_displays_the_image_with_its_caption(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr("reid_course.diagrams.show", lambda figure, caption: shown.append(caption))
    show_diagram("bn_neck")
    assert shown == [DIAGRAMS["bn_neck"][1]]
    with pytest.raises(KeyError):
        show_diagram("unknown")
