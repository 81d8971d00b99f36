"""From the setting `embedder.weights` to a file: the embedded weights, a path, or published weights by name."""

import os
from pathlib import Path

import yaml

from src.settings.errors import UserError
from src.zoo.checksums import sha256_of

EMBEDDED_NAME = "osnet_x0_25"
EMBEDDED_FILE = Path(__file__).resolve().parents[2] / "weights" / "reid.safetensors"
WEIGHT_SUFFIXES = (".safetensors", ".pth", ".pt", ".tar", ".onnx")


def locate_weights(name: str, weights: str) -> Path:
    """Find, and fetch if need be, the file behind the setting.

    Args:
        name: the network, such as "osnet_ain_x1_0".
        weights: "embedded", a file, or what published weights were trained on ("msmt17+dukemtmcreid+cuhk03").

    Raises:
        UserError: there is no such file, or the embedded weights are of another network or damaged.
    """
    if weights == "embedded":
        return _embedded(name)
    path = Path(weights).expanduser()
    if path.is_file():
        return path
    from src.zoo.fetch import fetch, fetch_missing  # only here: most runs need nothing from the network

    if path.suffix.lower() not in WEIGHT_SUFFIXES and os.sep not in weights:
        return fetch(f"{name}.{weights}")
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
    card = EMBEDDED_FILE.with_suffix(".yml")
    if card.is_file() and (expected := yaml.safe_load(card.read_text("utf-8")).get("sha256")) != sha256_of(
        EMBEDDED_FILE
    ):
        raise UserError(f"{EMBEDDED_FILE} is not the file of its card (sha256 {expected}); restore both with git")
    return EMBEDDED_FILE
