"""Models given as one word each: valid forms, and the advice for invalid ones."""

from pathlib import Path

import numpy as np
import pytest

from learning_reid.embedding.model_choice import NamedModel, parse_model, parse_models
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.models.weights_file import EMBEDDED_FILE


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("a/w.pth", "b/w.pth", "net.onnx", "odd=name.onnx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_a_model_is_given_in_one_of_four_forms(files: Path) -> None:
    assert parse_model("embedded") == NamedModel("embedded", "osnet_x0_25", "embedded")
    published = parse_model("osnet_ain_x1_0.msmt17+dukemtmcreid+cuhk03")
    assert (published.name, published.weights) == ("osnet_ain_x1_0", "msmt17+dukemtmcreid+cuhk03")
    own = parse_model(f"resnet50={files}/a/w.pth")
    assert (own.label, own.name, own.weights, own.backend) == ("w.pth", "resnet50", f"{files}/a/w.pth", "torch")
    for name in ("net.onnx", "odd=name.onnx"):
        alone = parse_model(f"{files}/{name}")
        assert (alone.label, alone.weights, alone.backend) == (name, f"{files}/{name}", "onnx")
    small = parse_model(f"hacnn={files}/net.onnx")
    assert (small.name, small.backend) == ("hacnn", "onnx")


def test_duplicates_are_dropped_and_labels_are_unique(files: Path) -> None:
    words = [f"osnet_x0_25={files}/{folder}/w.pth" for folder in "ab"]
    assert [model.label for model in parse_models([words[0], words[0]])] == ["w.pth"]
    assert [model.label for model in parse_models(words)] == words


def test_open_creates_the_named_embedder() -> None:
    images = [np.random.default_rng(0).integers(0, 256, (128, 64, 3), np.uint8)]
    expected = create_embedder()(images)
    for word in ("embedded", f"osnet_x0_25={EMBEDDED_FILE}"):
        (model,) = parse_models([word])
        np.testing.assert_allclose(model.open("cpu", 1)(images), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("embeded", "did you mean 'embedded'?"),
        ("osnet_x0_25.msmt18", "did you mean 'osnet_x0_25.msmt17'"),
        ("?", "use embedded, NAME.TRAINED_ON"),
        ("", "use embedded, NAME.TRAINED_ON"),
        ("pets2009_s2_l2", "no such model"),
        ("osnet_x0_25", "osnet_x0_25=FILE or osnet_x0_25.TRAINED_ON"),
        ("w.pth", "add the model that the weights belong to, as in osnet_x0_25=w.pth"),
        ("oznet_x0_25=w.pth", "unknown model 'oznet_x0_25': did you mean 'osnet_x0_25'"),
        ("osnet_x0_25=nowhere.pth", "there is no file 'nowhere.pth'"),
        ("osnet_x0_25=", "there is no file ''"),
        ("nowhere.onnx", "there is no file 'nowhere.onnx'"),
    ],
)
def test_invalid_words_raise_in_one_line(word: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        parse_models([word])
    assert message in str(error.value) and "\n" not in str(error.value)
