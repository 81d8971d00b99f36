"""An embedder by name: which network, which weights, computed by what. The libraries are loaded only when asked for."""

import logging
from typing import Literal

from learning_reid.embedding.registry import BACKENDS
from learning_reid.embedding.embedder import Embedder
from learning_reid.models.registry import check_name
from learning_reid.zoo.advice import notes_on_weights
from learning_reid.zoo.cards import find_card


def create_embedder(
    name: str = "osnet_x0_25",
    weights: str = "embedded",
    backend: str = "torch",
    batch_size: int = 64,
    device: str = "cpu",
    threads: int | None = None,
    normalise: bool = True,
    precision: Literal["default", "float32"] = "default",
) -> Embedder:
    """Make an embedder.

    Args:
        name: a network of the OSNet family, or any other that torchreid knows.
        weights: "embedded", a file (for the backends onnx and openvino also a .onnx file), or what published weights
            were trained on ("msmt17+dukemtmcreid+cuhk03").
        backend: "torch", "onnx" (ONNX Runtime), "openvino", or "auto" for the fastest that agrees with torch.
        batch_size: how many crops go through the network at once, at most.
        device: "cpu", "cuda", "mps", or "auto" for a GPU where there is one; onnx and openvino run on the CPU.
        threads: of the CPU; None leaves it to the library.
        normalise: whether the vectors are divided by their length.
        precision: "default" lets OpenVINO compute in bfloat16 where the CPU does so natively; "float32" forbids it.

    Raises:
        UserError: unknown name or backend, a missing package, or weights missing, damaged or of another network.
    """
    check_name(name)
    create = BACKENDS.load(backend)
    embedder = create(name, weights, batch_size, device, threads, normalise, precision)
    if card := find_card(name, weights):
        for note in notes_on_weights(card, (embedder.preprocessing.height, embedder.preprocessing.width)):
            logging.getLogger(__name__).warning("note: %s", note)
    return embedder
