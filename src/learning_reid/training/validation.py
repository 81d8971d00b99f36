"""How well does the network find people that it has never seen? Measured as `evaluate` does."""

import torch
from torch import nn

from learning_reid.datasets.embeddings import embed_samples
from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from learning_reid.datasets.retrieval_task import create_retrieval_task
from learning_reid.embedding.backend_torch import TorchEmbedder
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.retrieval import retrieval_metrics
from learning_reid.training.people import validation_protocol


def validate(
    network: nn.Module, contest: QueryGallerySplit, preprocessing: Preprocessing, device: torch.device
) -> dict[str, float]:
    """mAP and rank-1 by cosine, across cameras; within the camera where there is only one.

    Args:
        network: in eval mode afterwards.
        contest: people who are not learned from.
        preprocessing: as inference uses it; nothing is augmented.
        device: where the network is.
    """
    embedder = TorchEmbedder(network, preprocessing, device=str(device))
    task = create_retrieval_task(contest, embed_samples(contest.samples, embedder, "validating"), "cosine")
    protocol = validation_protocol(contest)
    labels = contest.query_labels, contest.gallery_labels
    figures = retrieval_metrics(find_matches(task.distance_rows(), *labels, protocol), *labels, protocol).means
    return {"map": figures["map"], "rank1": figures["rank1"]}
