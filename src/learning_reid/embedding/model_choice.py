"""Several networks named on a command line, a word each: the embedded one, published ones, files."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError, did_you_mean
from learning_reid.models.registry import OSNET_NAMES, TORCHREID_NAMES, check_name
from learning_reid.models.weights_file import EMBEDDED_NAME, GRAPH_SUFFIXES, WEIGHT_SUFFIXES, resolve_weights
from learning_reid.zoo.cards import all_cards

FORMS = "embedded, NAME.TRAINED_ON (osnet_x0_25.msmt17), NAME=FILE (osnet_x0_25=w.pth), or a .onnx or .xml file"


@dataclass(frozen=True)
class NamedModel:
    """A network with its weights.

    Attributes:
        label: what tables call it.
        name: the network; of an ONNX file that stands alone only the usual size of its pictures counts.
        weights: as in `create_embedder`.
    """

    label: str
    name: str
    weights: str

    @property
    def backend(self) -> str:
        """What computes it: whole networks by what wrote them, all others by PyTorch."""
        return {".onnx": "onnx", ".xml": "openvino"}.get(Path(self.weights).suffix.lower(), "torch")

    def open(self, device: str = "auto", threads: int | None = None) -> Embedder:
        """Load the network.

        Raises:
            UserError: a missing package, or weights missing, damaged or of another network.
        """
        return create_embedder(self.name, self.weights, self.backend, device=device, threads=threads)


def parse_models(words: Sequence[str]) -> list[NamedModel]:
    """The networks that were named, each once, with labels that differ; their weights are there or were fetched.

    Raises:
        UserError: a word is of none of the forms of `parse_model`, or weights could not be fetched.

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
        resolve_weights(model.name, model.weights)  # a missing file is told before the first network has worked
    return models


def parse_model(word: str) -> NamedModel:
    """One network from one word.

    Args:
        word: `embedded`; `NAME.TRAINED_ON`, published weights; `NAME=FILE`, weights of the network NAME; or the path
            of a .onnx file, which holds its network.

    Raises:
        UserError: it is none of these, or there is no such file.

    >>> parse_model("osnet_x0_25.msmt17")
    NamedModel(label='osnet_x0_25.msmt17', name='osnet_x0_25', weights='msmt17')
    """
    if word == "embedded":
        return NamedModel(word, EMBEDDED_NAME, word)
    suffix = Path(word).suffix.lower()
    if suffix in GRAPH_SUFFIXES and ("=" not in word or Path(word).expanduser().is_file()):
        return NamedModel(Path(word).name, EMBEDDED_NAME, _file(word, word))
    name, mark, rest = word.partition("=")
    if mark:
        check_name(name)
        return NamedModel(Path(rest).name, name, _file(rest, word))
    if word in all_cards():
        name, _, trained_on = word.partition(".")
        return NamedModel(word, name, trained_on)
    raise UserError(f"{word}: {_advice(word, suffix)}")


def _file(written: str, word: str) -> str:
    path = Path(written).expanduser()
    if not path.is_file():
        raise UserError(f"{word}: there is no file {written!r}; correct the path")
    return str(path)


def _advice(word: str, suffix: str) -> str:
    if suffix in WEIGHT_SUFFIXES:
        return f"say whose weights these are, as in {EMBEDDED_NAME}={word}"
    if word in OSNET_NAMES + TORCHREID_NAMES:
        return f"say which weights of it, as in {word}=FILE or {word}.TRAINED_ON"
    guess = did_you_mean(word, ["embedded", *all_cards()])
    return f"no such model; {guess if guess.startswith('did') else f'write {FORMS}'}"
