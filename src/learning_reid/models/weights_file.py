"""From a setting to a weights file: the embedded weights, a path, or published weights by name."""

import os
from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from learning_reid.io.yaml_file import read_mapping
from learning_reid.zoo.checksums import sha256_of

EMBEDDED_NAME = "osnet_x0_25"
EMBEDDED_FILE = EMBEDDED_WEIGHTS / "reid.safetensors"
CARD_SUFFIXES = (".yml", ".yaml")
GRAPH_SUFFIXES = (".onnx", ".xml")  # graphs with their weights; OpenVINO stores those of an .xml in a .bin beside it
WEIGHT_SUFFIXES = (".safetensors", ".pth", ".pt", ".tar", *GRAPH_SUFFIXES)


def resolve_weights(name: str, weights: str) -> Path:
    """Return the weights file that a setting names; published weights are downloaded on first use.

    Args:
        name: The model, such as "osnet_ain_x1_0".
        weights: "embedded", a file, a card (.yml) beside its file, or the datasets that published weights were trained
            on ("msmt17+dukemtmcreid+cuhk03").

    Raises:
        UserError: The file does not exist, does not match its card, or "embedded" is combined with another model.
    """
    if weights == "embedded":
        return _embedded_file(name)
    path = Path(weights).expanduser()
    if path.is_file():
        return _file_of_card(path) if path.suffix.lower() in CARD_SUFFIXES else _verified(path)
    from learning_reid.zoo.cards import all_cards  # late: most runs download nothing
    from learning_reid.zoo.fetch import fetch_missing, fetch_published

    if path.suffix.lower() not in WEIGHT_SUFFIXES and os.sep not in weights:
        key = weights if weights.startswith(f"{name}.") else f"{name}.{weights}"
        if key not in all_cards():
            known = [card.trained_on for card in all_cards().values() if card.architecture == name]
            own = "'embedded', " if name == EMBEDDED_NAME else ""
            published = f", or published ones: {', '.join(known)}" if known else "; none are published for this model"
            raise UserError(f"no weights {weights!r} for {name}; use {own}a file{published}")
        return fetch_published(key)
    if (fetched := fetch_missing(path)) is None:
        raise UserError(f"no weights file {path}; correct the path, or use 'embedded' for the project's own")
    return fetched


def _embedded_file(name: str) -> Path:
    if name != EMBEDDED_NAME:
        raise UserError(
            f"the embedded weights belong to {EMBEDDED_NAME}, not to {name}, whose weights would be random; name "
            f"some with --weights: a file, such as best.pt of `train --arch {name}`, or published ones (`zoo list`)"
        )
    if not EMBEDDED_FILE.is_file():
        raise UserError(
            f"the embedded weights {EMBEDDED_FILE} are missing; restore them with git, or run: make weights"
        )
    return _verified(EMBEDDED_FILE)


def _verified(file: Path) -> Path:
    """Return a weights file after comparing it with the card beside it, if it has one."""
    card = file.with_suffix(".yml")
    content = read_mapping(card) if card.is_file() else {}
    return _file_of_card(card) if content.get("file") == file.name and "sha256" in content else file


def _file_of_card(card: Path) -> Path:
    """Return the weights file that a card describes, after comparing its checksum."""
    content = read_mapping(card)
    if not isinstance(content.get("file"), str) or not isinstance(content.get("sha256"), str):
        raise UserError(f"{card} is not a card of weights: it has no `file` and `sha256`; name a weights file instead")
    file = card.with_name(Path(content["file"]).name)
    if not file.is_file():
        raise UserError(f"{card} describes {file.name}, which is not in the same folder; put it there")
    if content["sha256"] != sha256_of(file):
        raise UserError(f"{file} does not match its card (sha256 {content['sha256']}); restore both")
    return file
