"""Models given as one word each: valid forms, and the advice for invalid ones."""

from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.embedding.model_choice import NamedModel, choose_model, parse_model, parse_models
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


def test_weights_say_which_model_they_belong_to(tmp_path: Path) -> None:
    trained, plain = tmp_path / "best.pt", tmp_path / "plain.pth"
    torch.save({"state_dict": {"a": torch.zeros(1)}, "settings": {"model": {"arch": "osnet_ain_x0_5"}}}, trained)
    torch.save({"a": torch.zeros(1)}, plain)
    published = tmp_path / "osnet_x0_75.msmt17.pth"
    published.write_bytes(plain.read_bytes())
    for weights, name in ((trained, "osnet_ain_x0_5"), (published, "osnet_x0_75")):
        assert parse_model(str(weights)).name == choose_model(None, str(weights)).name == name
        assert choose_model("osnet_x1_0", str(weights)).name == "osnet_x1_0"
    assert choose_model(None, str(plain)).name == "osnet_x0_25"  # the default
    with pytest.raises(UserError, match="add the model that the weights belong to, as in osnet_x0_25="):
        parse_model(str(plain))


@pytest.mark.parametrize(
    ("name", "weights", "expected"),
    [
        (None, "embedded", ("osnet_x0_25", "embedded", "torch")),
        (None, "msmt17", ("osnet_x0_25", "msmt17", "torch")),
        (None, "osnet_x1_0.msmt17", ("osnet_x1_0", "msmt17", "torch")),
        ("osnet_x1_0", "osnet_x1_0.msmt17", ("osnet_x1_0", "msmt17", "torch")),
        (None, "resnet50={files}/a/w.pth", ("resnet50", "{files}/a/w.pth", "torch")),
        ("resnet50", "resnet50={files}/a/w.pth", ("resnet50", "{files}/a/w.pth", "torch")),
        (None, "{files}/net.onnx", ("osnet_x0_25", "{files}/net.onnx", "onnx")),
        ("hacnn", "{files}/net.onnx", ("hacnn", "{files}/net.onnx", "onnx")),
        (None, "{files}/odd=name.onnx", ("osnet_x0_25", "{files}/odd=name.onnx", "onnx")),
    ],
)
def test_one_network_is_named_by_two_options(name, weights: str, expected: tuple[str, str, str], files: Path) -> None:
    model = choose_model(name, weights.format(files=files))
    assert (model.name, model.weights, model.backend) == tuple(part.format(files=files) for part in expected)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("embeded", "did you mean 'embedded'?"),
        ("osnet_x0_25.msmt18", "did you mean 'osnet_x0_25.msmt17'"),
        ("?", "use embedded, NAME.TRAINED_ON"),
        ("", "use embedded, NAME.TRAINED_ON"),
        ("pets2009_s2_l2", "no such model"),
        ("osnet_x0_25", "osnet_x0_25=FILE or osnet_x0_25.TRAINED_ON"),
        ("w.pth", "there is no file 'w.pth'"),
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
