"""Embedding with PyTorch on a CPU or GPU: the reference for the other backends."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from learning_reid.device import choose_device
from learning_reid.embedding.embedder import EmbedderOptions, concat_features, split_batches
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.embedding.registry import register_backend
from learning_reid.models.registry import create_model
from learning_reid.models.state_dict import trained_input_size
from learning_reid.models.weights_file import resolve_weights

# The activations of sixteen crops still fit the cache of a CPU core; with 64, OSNet x0.25 takes twice as long per crop.
# GPUs need the large batches.
CPU_BATCH = 16


class TorchEmbedder:
    """Run a model in eval mode, without gradients, on batches of crops.

    Args:
        network: (n, 3, h, w) -> (n, d); moved to the device and put into eval mode.
        preprocessing: How crops are resized and normalized.
        batch_size: Largest number of crops in a batch.
        device: "cpu", "cuda", "cuda:N" or "mps".
        normalize: Whether embeddings are divided by their L2 norm.
    """

    def __init__(
        self,
        network: nn.Module,
        preprocessing: Preprocessing,
        batch_size: int = 64,
        device: str = "cpu",
        normalize: bool = True,
    ) -> None:
        self.network = network.to(device).to(memory_format=torch.channels_last).eval()  # the faster layout on CPUs
        self.preprocessing = preprocessing
        self.batch_size = min(batch_size, CPU_BATCH) if device == "cpu" else batch_size
        self.device = device
        self.normalize = normalize
        self.dimension = self._run([np.zeros((8, 4, 3), np.uint8)]).shape[1]

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Embed n crops (h, w, 3) uint8 RGB -> (n, dimension) float32; see `Embedder`."""
        features = [self._run(batch) for batch in split_batches(crops, self.batch_size)]
        return concat_features(features, self.dimension, self.normalize)

    @torch.inference_mode()
    def _run(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        batch = torch.from_numpy(self.preprocessing(crops))  # (k, 3, h, w)
        batch = batch.to(self.device, memory_format=torch.channels_last)
        return self.network(batch).float().cpu().numpy()  # (k, d)


@register_backend("torch", about="PyTorch, on a CPU or a GPU; the reference.")
def create_torch_embedder(options: EmbedderOptions) -> TorchEmbedder:
    """Create the model with its weights on the device; `threads` applies to the whole process."""
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    file = resolve_weights(options.name, options.weights)
    model = create_model(options.name, file)
    preprocessing = Preprocessing(*trained_input_size(options.name, file))
    return TorchEmbedder(model, preprocessing, options.batch_size, device, options.normalize)
