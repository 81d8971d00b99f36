"""Embedders by name: a model, its weights and a backend, whose libraries are imported only when it is created."""

import logging
from collections.abc import Callable

from learning_reid.embedding.embedder import Embedder, EmbedderOptions, Precision
from learning_reid.models.registry import check_model_name
from learning_reid.models.weights_file import resolve_weights
from learning_reid.registry import Registry
from learning_reid.zoo.advice import notes_on_weights
from learning_reid.zoo.cards import find_card

BACKENDS: Registry[Callable[[EmbedderOptions], Embedder]] = Registry(
    "backend", "learning_reid.embedding", "register_backend"
)
register_backend = BACKENDS.register


def check_embedder(name: str, weights: str, backend: str) -> None:
    """Check the name, the backend and the weights file without loading it; published weights are downloaded.

    Raises:
        UserError: A name is unknown, or the file is missing or does not match its card.
    """
    check_model_name(name)
    BACKENDS.check(backend)
    resolve_weights(name, weights)


def create_embedder(
    name: str = "osnet_x0_25",
    weights: str = "embedded",
    backend: str = "torch",
    batch_size: int = 64,
    device: str = "cpu",
    threads: int | None = None,
    normalize: bool = True,
    precision: Precision = "default",
) -> Embedder:
    """Create an embedder: a function from person crops to embeddings.

    Args:
        name: One of `learning_reid.models.list_models()`.
        weights: "embedded", a file (for the backends onnx and openvino also a .onnx file), or the datasets that
            published weights were trained on ("msmt17+dukemtmcreid+cuhk03"), which are downloaded on first use.
        backend: "torch", "onnx" (ONNX Runtime), "openvino", or "auto" for the fastest that agrees with torch.
        batch_size: Largest number of crops that go through the model at once.
        device: "cpu", "cuda", "cuda:N", "mps", or "auto" for a GPU if there is one; onnx and openvino run on the CPU.
        threads: Number of CPU threads; None leaves it to the library.
        normalize: Whether embeddings are divided by their L2 norm.
        precision: "default" lets OpenVINO compute in bfloat16 where the CPU does so natively; "float32" forbids it.

    Raises:
        UserError: The name or backend is unknown, a package is missing, or the weights are missing, damaged or of
            another model.

    Example:
        >>> import numpy as np
        >>> embed = create_embedder("osnet_x0_25", weights="embedded")
        >>> embed([np.zeros((80, 40, 3), np.uint8)]).shape
        (1, 5632)
    """
    check_model_name(name)
    create = BACKENDS.load(backend)
    embedder = create(EmbedderOptions(name, weights, batch_size, device, threads, normalize, precision))
    if card := find_card(name, weights):
        for note in notes_on_weights(card, (embedder.preprocessing.height, embedder.preprocessing.width)):
            logging.getLogger(__name__).warning("note: %s", note)
    return embedder
