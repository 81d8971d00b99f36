"""Figures in notebooks: small, described, and closed."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from reid_course import figures


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list:
    shown: list = []
    monkeypatch.setattr("IPython.display.display", lambda what, **how: shown.append((what, how)))
    return shown


def test_a_figure_is_shown_with_its_caption_and_closed(displayed: list) -> None:
    figure, axes = plt.subplots(figsize=(7, 3), dpi=150)
    axes.plot([1, 2], [3, 4])
    figures.show(figure, "A line that rises.")
    (image, how), (caption, _) = displayed
    assert image["text/plain"] == how["metadata"]["image/png"]["alt"] == "A line that rises."
    assert Image.open(io.BytesIO(base64.b64decode(image["image/png"]))).width == 1050
    assert how["metadata"]["image/png"]["width"] == 700  # on screen
    assert caption.data == "*A line that rises.*"
    assert not plt.get_fignums()


def test_flat_plots_are_png_and_noisy_images_jpeg() -> None:
    figure, axes = plt.subplots()
    axes.bar([1, 2], [3, 4])
    assert Image.open(io.BytesIO(figures.encode_figure(figure))).format == "PNG"
    axes.imshow(np.random.default_rng(0).integers(0, 255, (200, 300, 3)).astype(np.uint8))
    assert Image.open(io.BytesIO(figures.encode_figure(figure))).format == "JPEG"
    plt.close(figure)


def test_rows_of_crops_may_differ_in_length(displayed: list) -> None:
    crop = np.full((64, 32, 3), 128, np.uint8)
    figures.show_crops([[crop] * 3, [crop]], "Two rows.", [["a", "b", "c"], ["d"]], [[None, True, False], [True]])
    assert displayed[0][0]["text/plain"] == "Two rows." and not plt.get_fignums()


@pytest.mark.parametrize(("ratio", "shape"), [(2.0, (64, 32)), (1.0, (64, 64))])
def test_a_cell_has_the_shape_of_its_crops(
    ratio: float, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list = []
    monkeypatch.setattr(figures, "show", lambda figure, caption: shown.append(figure))
    figures.show_crops([[np.zeros((*shape, 3), np.uint8)] * 2], "Crops that fill their cells.", ratio=ratio)
    cell = shown[0].axes[0]
    assert (cell.get_xlim(), cell.get_ylim()) == ((0, shape[1]), (shape[0], 0))
    plt.close(shown[0])
