"""From the setting `embedder.weights` to a file: the embedded weights, a path, or published weights by name."""

import os
from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from learning_reid.io.yaml_file import read_mapping
from learning_reid.zoo.checksums import sha256_of

EMBEDDED_NAME = "osnet_x0_25"
EMBEDDED_FILE = EMBEDDED_WEIGHTS / "reid.safetensors"
CARD_SUFFIXES = (".yml", ".yaml")
GRAPH_SUFFIXES = (".onnx", ".xml")  # networks that bring their weights; .xml is OpenVINO's, its weights lie beside it
WEIGHT_SUFFIXES = (".safetensors", ".pth", ".pt", ".tar", *GRAPH_SUFFIXES)


def locate_weights(name: str, weights: str) -> Path:
    """Find, and fetch if need be, the file behind the setting.

    Args:
        name: the network, such as "osnet_ain_x1_0".
        weights: "embedded", a file, a card (.yml) beside its file, or what published weights were trained on
            ("msmt17+dukemtmcreid+cuhk03").

    Raises:
        UserError: there is no such file, it is of another network than the embedded one, or not that of its card.
    """
    if weights == "embedded":
        return _embedded(name)
    path = Path(weights).expanduser()
    if path.is_file():
        return _file_of_card(path) if path.suffix.lower() in CARD_SUFFIXES else _checked(path)
    from learning_reid.zoo.fetch import fetch, fetch_missing  # only here: most runs need nothing from the network

    if path.suffix.lower() not in WEIGHT_SUFFIXES and os.sep not in weights:
        return fetch(weights if weights.startswith(f"{name}.") else f"{name}.{weights}")
    if (fetched := fetch_missing(path)) is None:
        raise UserError(f"no weights file {path}; correct embedder.weights, or write 'embedded' for the project's own")
    return fetched


def _embedded(name: str) -> Path:
    if name != EMBEDDED_NAME:
        raise UserError(
            f"the embedded weights are of {EMBEDDED_NAME}, not {name}; set embedder.weights to a file of {name}"
        )
    if not EMBEDDED_FILE.is_file():
        raise UserError(
            f"the embedded weights {EMBEDDED_FILE} are missing; restore them with git, or run: make weights"
        )
    return _checked(EMBEDDED_FILE)


def _checked(file: Path) -> Path:
    """A weights file, after it was compared with the card beside it, where one is there."""
    card = file.with_suffix(".yml")
    told = read_mapping(card) if card.is_file() else {}
    return _file_of_card(card) if told.get("file") == file.name and "sha256" in told else file


def _file_of_card(card: Path) -> Path:
    """The weights that a card describes, after their checksum was compared."""
    told = read_mapping(card)
    if not isinstance(told.get("file"), str) or not isinstance(told.get("sha256"), str):
        raise UserError(f"{card} is no card of weights: it has no `file` and `sha256`; name a weights file instead")
    file = card.with_name(Path(told["file"]).name)
    if not file.is_file():
        raise UserError(f"{card} describes {file.name}, which does not lie beside it; put it there")
    if told["sha256"] != sha256_of(file):
        raise UserError(f"{file} is not the file of its card (sha256 {told['sha256']}); restore both")
    return file
