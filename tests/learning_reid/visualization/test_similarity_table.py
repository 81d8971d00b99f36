"""Similarity tables: margins, texts and plot; and docs/similarity.md, which shows what its tool prints."""

import csv
import importlib.util
import io
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from learning_reid.datasets.pairs import ChosenPairs, ImagePair, PairMeasures
from learning_reid.visualization.similarity_plot import MAX_PAIRS_SHOWN, draw_similarity_table
from learning_reid.visualization.similarity_table import (
    MEASURES,
    SimilarityTable,
    margin,
    similarity_csv,
    similarity_markdown,
    similarity_values,
)


def measures(cosines: list[float]) -> PairMeasures:
    distance = np.sqrt(2 - 2 * np.array(cosines))
    return PairMeasures(np.array(cosines), distance, 1 / (1 + distance))


def make_table(folder: Path, same: list[bool | None], **cosines: list[float]) -> SimilarityTable:
    images = [folder / f"image_{number}.png" for number in range(len(same) + 1)]
    for number, image in enumerate(images):
        Image.new("RGB", (20, 40), (30 * number % 256, 90, 160)).save(image)
    pairs = [ImagePair(images[0], other, known) for other, known in zip(images[1:], same, strict=True)]
    return SimilarityTable(
        ChosenPairs(pairs, "made up"), {label: measures(values) for label, values in cosines.items()}
    )


@pytest.fixture
def table(tmp_path: Path) -> SimilarityTable:
    return make_table(tmp_path, [True, True, False, None], good=[0.9, 0.8, 0.5, 0.99], bad=[0.9, 0.3, 0.5, 0.1])


def test_margins_have_the_same_sign_for_all_measures(table: SimilarityTable) -> None:
    assert table.margin("good", "cosine") == pytest.approx(0.3)
    assert table.margin("bad", "cosine") == pytest.approx(-0.2)
    assert table.margin("good", "euclidean") == pytest.approx(1 - np.sqrt(0.4))
    assert table.mean_gap("bad", "cosine") == pytest.approx(0.1)
    for measure in MEASURES:
        assert table.margin("good", measure) > 0 > table.margin("bad", measure)


@given(st.lists(st.tuples(st.floats(-1, 1), st.booleans()), min_size=1, max_size=12))
def test_a_threshold_separates_the_pairs_if_the_margin_is_positive(pairs: list[tuple[float, bool]]) -> None:
    values, same = np.array([value for value, _ in pairs]), [same for _, same in pairs]
    found = margin(values, same)
    if all(same) or not any(same):
        assert np.isnan(found)
    else:
        separated = any(((values >= threshold) == same).all() for threshold in values)
        assert (found > 0) == separated
    assert margin(-values, same, smaller_is_alike=True) == pytest.approx(found, nan_ok=True)


def test_the_markdown_shows_pairs_same_and_margins(table: SimilarityTable) -> None:
    text = similarity_markdown(table, ["cosine", "euclidean"])
    assert "Pairs: made up." in text and "| different | image_0.png | image_3.png |" in text
    assert "margin = lowest different - highest same" in text  # for distances
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    assert ["expected", "same", "same", "diff", "?", "", ""] in rows
    assert ["good", "0.900", "0.800", "0.500", "0.990", "+0.300", "+0.350"] in rows
    assert not any("bounded" in row[0] for row in rows)


def test_the_csv_holds_all_measures(table: SimilarityTable) -> None:
    rows = list(csv.DictReader(io.StringIO(similarity_csv(table))))
    assert len(rows) == 8
    assert [row["expected"] for row in rows[:4]] == ["same", "same", "different", ""]
    last = rows[-1]
    assert (last["model"], last["pair"], last["cosine"], last["margin_cosine"]) == ("bad", "4", "0.100000", "-0.200000")
    for row in rows:
        assert float(row["bounded"]) == pytest.approx(1 / (1 + float(row["euclidean"])), abs=1e-5)


def test_without_known_pairs_there_is_no_margin(tmp_path: Path) -> None:
    table = make_table(tmp_path, [None, True], one=[0.4, 0.5])
    assert np.isnan(similarity_values(table)["models"][0]["margin"]["cosine"])
    assert "|      – |" in similarity_markdown(table, ["cosine"])
    assert similarity_csv(table).splitlines()[1].endswith(",,,")
    draw_similarity_table(tmp_path / "a.png", table, "cosine")


@pytest.mark.parametrize("pairs", [1, 12, MAX_PAIRS_SHOWN + 1])
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.slow
def test_the_plot_grows_with_the_pairs_it_shows(pairs: int, measure: str, tmp_path: Path) -> None:
    cosines = [0.5] * pairs  # equal values: no range of colors
    table = make_table(
        tmp_path, [number % 2 == 0 for number in range(pairs)], **{"a network": cosines, "n" * 50: cosines}
    )
    draw_similarity_table(tmp_path / "a.png", table, measure)
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    assert pixels.std() > 5 and pixels.shape[0] > 200
    assert (pixels.shape[1] > 1500) == (pairs == 12)


@pytest.fixture(scope="module")
def tool(repository: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("similarity_doc", repository / "tools/similarity_doc.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "similarity.md").read_text(encoding="utf-8")


def test_the_document_shows_what_the_tool_prints(tool: ModuleType, page: str) -> None:
    for text in tool.document_text(tool.read_models()):
        assert text in page


def test_the_numbers_in_the_sentences_of_the_document_match_the_table(tool: ModuleType, page: str) -> None:
    models = tool.read_models()
    imagenet = [model for model in models if model.trained_on == "imagenet"]
    others = [model for model in models if model.trained_on != "imagenet"]
    _, common = tool.best_common_threshold(models)
    own = sum(model.margin > 0 for model in models)
    sentences = " ".join(page.split())
    assert f"{own} of the {len(models)} are right. With the best threshold that all could share" in sentences
    assert f"chosen on these very pairs, {common} are." in sentences
    assert (sum(model.margin < 0 for model in imagenet), len(imagenet)) == (4, 9)
    assert len(models) - own < 2 * 4  # more than half of those that overlap
    assert max(model.margin for model in imagenet) > min(model.margin for model in others if model.margin > 0)
    highest = next(model for model in models if model.weights == "resnet50_fc512_msmt_xent")
    assert tool.count_right(models, highest.own_threshold) == 1 and highest.highest_different == 821
    assert all(model.lowest_same < 821 for model in models if model is not highest)


def test_the_best_common_threshold_equals_a_slow_search(tool: ModuleType) -> None:
    models = tool.read_models()
    fits = [
        sum(model.highest_different < threshold <= model.lowest_same for model in models) for threshold in range(1001)
    ]
    assert tool.best_common_threshold(models) == (fits.index(max(fits)), max(fits))


@pytest.mark.parametrize("cosine", [0.5, 0.8])
def test_the_examples_of_the_document_are_right(cosine: float, page: str) -> None:
    values = measures([cosine])
    sentences = re.sub(r"\s+", " ", page)
    words = f"cosine of {cosine} is a distance of {values.euclidean[0]:.3f} and a bounded similarity of {values.bounded[0]:.3f}"
    assert words in sentences
