"""Compare two images (1:1), or search a gallery for the person in an image (1:N)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.datasets.embeddings import embed_samples
from learning_reid.datasets.images import open_image
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.errors import UserError
from learning_reid.retrieval.distances import DISTANCES
from learning_reid.retrieval.neighbors import search


@dataclass(frozen=True)
class Candidate:
    """One gallery image found for a query."""

    sample: Sample  #: The gallery sample
    distance: float  #: Distance to the query
    similarity: float  #: Cosine similarity to the query
    accepted: bool | None  #: Whether the distance is at most the threshold; None = there is no threshold


@dataclass(frozen=True)
class Identification:
    """Result of a search: the query image and its nearest gallery images, nearest first."""

    query: Path
    candidates: Sequence[Candidate]

    @property
    def person(self) -> str | None:
        """The identity; None if the person is not in the gallery or a distractor of it, or without a threshold."""
        best = self.candidates[0]
        return best.sample.person_id if best.accepted else None


def identify(
    queries: Sequence[Path],
    gallery: CropDataset,
    embedder: Embedder,
    metric: str = "euclidean",
    reject_above: float | None = None,
    nearest: int = 5,
) -> list[Identification]:
    """Find the person in each image in a gallery, or report that they are not in it.

    Args:
        queries: Images of one person each.
        gallery: Dataset to search: its gallery split if it has one, and never its training split.
        embedder: Embedder for both.
        metric: `euclidean` or `cosine`.
        reject_above: Calibrated threshold for searches; None ranks the candidates without a decision.
        nearest: Number of candidates per query.

    Raises:
        UserError: An image cannot be read, or an embedding is zero or not finite.
    """
    samples = gallery_samples(gallery)
    query_embeddings = embed_images(queries, embedder)
    gallery_embeddings = embed_samples(samples, embedder)
    found = search(query_embeddings, gallery_embeddings, nearest, metric, reject_above)
    similarities = np.einsum("qd,qkd->qk", query_embeddings, gallery_embeddings[found.indices]).clip(-1, 1)
    return [
        Identification(
            query,
            [
                Candidate(
                    samples[int(index)],
                    float(found.distances[row, rank]),
                    float(similarities[row, rank]),
                    None if reject_above is None else bool(found.accepted[row, rank]),
                )
                for rank, index in enumerate(found.indices[row])
            ],
        )
        for row, query in enumerate(queries)
    ]


def gallery_samples(dataset: CropDataset) -> list[Sample]:
    """Return the samples to search: the gallery split if there is one, else all samples not used for training."""
    samples = dataset.subset("gallery") or [sample for sample in dataset.samples if sample.split != "train"]
    if not samples:
        raise UserError(f"{dataset.root} has no gallery images; add images of known people")
    return samples


def compare_images(first: Path, second: Path, embedder: Embedder, metric: str = "euclidean") -> tuple[float, float]:
    """Compute distance and cosine similarity of two images.

    Raises:
        UserError: An image cannot be read, or an embedding is zero or not finite.
    """
    one, other = embed_images([first, second], embedder)
    distance = DISTANCES[metric](one[None], other[None])[0, 0]
    return float(distance), float(np.clip(one @ other, -1, 1))


def check_images(images: Sequence[Path]) -> None:
    """Raise a UserError for the first path that is not a readable image."""
    for image in images:
        if image.is_dir():
            raise UserError(f"{image} is a folder; name one image of one person")
        open_image(image)


def embed_images(images: Sequence[Path], embedder: Embedder) -> np.ndarray:
    """Embed image files: (n, d) float32 unit vectors."""
    return l2_normalize(embed_samples([Sample(image, None, "") for image in images], embedder), np.float32)
