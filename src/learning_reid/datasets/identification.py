"""One picture against another, and one picture against many: the two questions that a finished network is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.datasets.embeddings import check_embeddings, embed_samples
from learning_reid.datasets.images import open_image
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.errors import UserError
from learning_reid.retrieval.distances import DISTANCES
from learning_reid.retrieval.neighbors import search


@dataclass(frozen=True)
class Candidate:
    """One gallery picture and how near it is.

    Attributes:
        sample: the picture.
        distance: to the query, smaller = more alike.
        similarity: cosine of the angle between the two, 1 = same direction.
        accepted: near enough to be called the same person; always, where there is no threshold.
    """

    sample: Sample
    distance: float
    similarity: float
    accepted: bool


@dataclass(frozen=True)
class Identification:
    """The answer to "who of the gallery is this?".

    Attributes:
        query: the picture that asked.
        candidates: the nearest gallery pictures, nearest first.
        person: who it is; None = not in the gallery (or a stranger of it).
    """

    query: Path
    candidates: Sequence[Candidate]

    @property
    def person(self) -> str | None:
        """Who it is; None = not in the gallery."""
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
    """Find each picture's person in a gallery, or say that nobody there is near enough.

    Args:
        queries: pictures of one person each.
        gallery: labelled pictures; where they are divided, its gallery part, and never its training part.
        embedder: describes both; features of unit length.
        metric: `euclidean` or `cosine`.
        reject_above: a calibrated threshold for searches; None = always answer.
        nearest: how many candidates to give.

    Raises:
        UserError: a picture cannot be read, or the network answers with zeros or no numbers.
    """
    known = gallery_samples(gallery)
    asking = describe(queries, embedder)
    answering = embed_samples(known, embedder)
    found = search(asking, answering, nearest, metric, reject_above)
    similarity = np.einsum("qd,qkd->qk", asking, answering[found.indices]).clip(-1, 1)
    return [
        Identification(
            query,
            [
                Candidate(known[row], float(away), float(alike), bool(accepted))
                for row, away, alike, accepted in zip(rows, aways, alikes, accepts, strict=True)
            ],
        )
        for query, rows, aways, alikes, accepts in zip(
            queries, found.indices.tolist(), found.distances, similarity, found.accepted, strict=True
        )
    ]


def gallery_samples(gallery: CropDataset) -> list[Sample]:
    """The pictures that are searched: the gallery part where there is one, and never the training part.

    Raises:
        UserError: there are none.
    """
    known = gallery.subset("gallery") or [sample for sample in gallery.samples if sample.split != "train"]
    if not known:
        raise UserError(f"{gallery.root} has nobody to search among; give pictures of known people")
    return known


def compare(first: Path, second: Path, embedder: Embedder, metric: str = "euclidean") -> tuple[float, float]:
    """Distance and cosine similarity of two pictures.

    Raises:
        UserError: a picture cannot be read, or the network answers with zeros or no numbers.
    """
    one, other = describe([first, second], embedder)
    distance = DISTANCES[metric](one[None], other[None])[0, 0]
    return float(distance), float(np.clip(one @ other, -1, 1))


def describe(pictures: Sequence[Path], embedder: Embedder) -> np.ndarray:
    """(n, d) float32 features of unit length of pictures that nobody has labelled."""
    for picture in pictures:
        if picture.is_dir():
            raise UserError(f"{picture} is a folder; name one picture of one person")
    features = embedder([open_image(picture) for picture in pictures])
    samples = [Sample(picture, None, "") for picture in pictures]
    return l2_normalize(check_embeddings(features, samples, "the network"), np.float32)
