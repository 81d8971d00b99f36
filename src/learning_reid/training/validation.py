"""Validation during training, measured as `evaluate` does."""

import torch
from torch import nn

from learning_reid.datasets.embeddings import embed_samples
from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from learning_reid.datasets.retrieval_task import create_retrieval_task
from learning_reid.embedding.backend_torch import TorchEmbedder
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.retrieval import retrieval_metrics
from learning_reid.training.training_data import validation_protocol


def validate(
    network: nn.Module, split: QueryGallerySplit, preprocessing: Preprocessing, device: torch.device
) -> dict[str, float]:
    """Measure mAP and rank-1 by cosine distance, across cameras, or within the camera if there is only one.

    Args:
        network: Set to eval mode.
        split: Queries and gallery of the validation identities.
        preprocessing: Preprocessing at inference, without augmentation.
        device: The network's device.

    Returns:
        `map` and `rank1`, from 0 to 1.
    """
    embedder = TorchEmbedder(network, preprocessing, device=str(device))
    task = create_retrieval_task(split, embed_samples(split.samples, embedder, "validating"), "cosine")
    protocol = validation_protocol(split)
    labels = split.query_labels, split.gallery_labels
    means = retrieval_metrics(find_matches(task.distance_rows(), *labels, protocol), *labels, protocol).means
    return {"map": means["map"], "rank1": means["rank1"]}
