"""Models with their weights, each given as one word on a command line: embedded, published ones, files."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError, did_you_mean
from learning_reid.models.registry import check_model_name, list_models
from learning_reid.models.weights_file import EMBEDDED_NAME, GRAPH_SUFFIXES, WEIGHT_SUFFIXES, resolve_weights
from learning_reid.zoo.cards import all_cards

FORMS = "embedded, NAME.TRAINED_ON (osnet_x0_25.msmt17), NAME=FILE (osnet_x0_25=w.pth), or a file that names its model"


@dataclass(frozen=True)
class NamedModel:
    """A model with its weights."""

    label: str  #: Its name in tables
    name: str  #: The model; for an ONNX file given alone, it only provides the usual input size
    weights: str  #: See `create_embedder`

    @property
    def backend(self) -> str:
        """The backend: ONNX Runtime or OpenVINO for their own files, PyTorch for all others."""
        return {".onnx": "onnx", ".xml": "openvino"}.get(Path(self.weights).suffix.lower(), "torch")

    def open(self, device: str = "auto", threads: int | None = None) -> Embedder:
        """Create the embedder."""
        return create_embedder(self.name, self.weights, self.backend, device=device, threads=threads)


def parse_models(words: Sequence[str]) -> list[NamedModel]:
    """Parse several words; duplicates are dropped, labels are unique, and published weights are downloaded.

    Raises:
        UserError: A word has none of the forms of `parse_model`, or weights could not be downloaded.

    >>> [model.label for model in parse_models(["embedded", "embedded"])]
    ['embedded']
    """
    words = list(dict.fromkeys(words))
    models = [parse_model(word) for word in words]
    count = Counter(model.label for model in models)
    models = [
        model if count[model.label] == 1 else replace(model, label=word)
        for word, model in zip(words, models, strict=True)
    ]
    for model in models:
        resolve_weights(model.name, model.weights)  # reports a missing file before the first model runs
    return models


def parse_model(word: str) -> NamedModel:
    """Parse one word.

    Args:
        word: `embedded`; `NAME.TRAINED_ON` for published weights; `NAME=FILE` for weights of the model NAME; or a file
            that says what its model is: a .onnx or .xml file, or weights that `train` or `zoo fetch` wrote.

    Raises:
        UserError: The word is none of these, or the file does not exist.

    >>> parse_model("osnet_x0_25.msmt17")
    NamedModel(label='osnet_x0_25.msmt17', name='osnet_x0_25', weights='msmt17')
    """
    if word == "embedded":
        return NamedModel(word, EMBEDDED_NAME, word)
    suffix = Path(word).suffix.lower()
    if suffix in GRAPH_SUFFIXES and ("=" not in word or Path(word).expanduser().is_file()):
        return NamedModel(Path(word).name, EMBEDDED_NAME, _file(word, word))
    name, equals, rest = word.partition("=")
    if equals:
        check_model_name(name)
        return NamedModel(Path(rest).name, name, _file(rest, word))
    if word in all_cards():
        name, _, trained_on = word.partition(".")
        return NamedModel(word, name, trained_on)
    if suffix in WEIGHT_SUFFIXES and (stored := _stored_name(Path(_file(word, word)))):
        return NamedModel(Path(word).name, stored, _file(word, word))
    raise UserError(f"{word}: {_advice(word, suffix)}")


def choose_model(name: str | None, weights: str) -> NamedModel:
    """Return the model of the options --embedder and --weights.

    Args:
        name: The model; None = the one that `weights` names or belongs to, else the model of the embedded weights.
        weights: A word for `parse_model`, or weights of the model `name` as for `create_embedder`.

    Raises:
        UserError: The model is unknown, or the weights are missing.

    >>> choose_model(None, "osnet_ain_x1_0.msmt17+dukemtmcreid+cuhk03").name, choose_model(None, "msmt17").name
    ('osnet_ain_x1_0', 'osnet_x0_25')
    """
    path = Path(weights).expanduser()
    if name is not None:
        check_model_name(name)
        return NamedModel(weights, name, weights.removeprefix(f"{name}=").removeprefix(f"{name}."))
    if not path.is_file() and (weights in all_cards() or "=" in weights):
        return parse_model(weights)
    is_checkpoint = (
        path.is_file() and path.suffix.lower() in WEIGHT_SUFFIXES and path.suffix.lower() not in GRAPH_SUFFIXES
    )
    return NamedModel(weights, (_stored_name(path) if is_checkpoint else None) or EMBEDDED_NAME, weights)


def _stored_name(file: Path) -> str | None:
    """Return the model that a weights file was trained as, from its name or its settings; None if it has neither."""
    if file.stem in all_cards():
        return all_cards()[file.stem].architecture
    from learning_reid.models.weights_reader import read_note  # imports torch

    settings = read_note(file, "settings")
    name = settings.get("model", {}).get("arch") if isinstance(settings, dict) else None
    return name if name in list_models() else None


def _file(written: str, word: str) -> str:
    path = Path(written).expanduser()
    if not path.is_file():
        raise UserError(f"{word}: there is no file {written!r}; correct the path")
    return str(path)


def _advice(word: str, suffix: str) -> str:
    if suffix in WEIGHT_SUFFIXES:
        return f"add the model that the weights belong to, as in {EMBEDDED_NAME}={word}"
    if word in list_models():
        return f"add its weights, as in {word}=FILE or {word}.TRAINED_ON"
    guess = did_you_mean(word, ["embedded", *all_cards()])
    return f"no such model; {guess if guess.startswith('did') else f'use {FORMS}'}"
