"""Options of an evaluation: data, model and what to compute."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from learning_reid.metrics.retrieval import AveragePrecision


@dataclass(frozen=True)
class DataOptions:
    """Labeled crops."""

    dataset: str  #: Name of the layout
    root: Path  #: Folder or file
    query_cameras: Sequence[str] = ()  #: Cameras of the queries; empty = the dataset's own split
    persons: frozenset[str] | None = None  #: Evaluate only these identities, and the distractors; None = all


@dataclass(frozen=True)
class ModelOptions:
    """Source of the embeddings: a network with its weights, or a file.

    Attributes:
        embedder, weights, backend, batch_size, device, threads: As in the settings of the pipeline.
        metric: "euclidean" or "cosine".
        raw: Skip L2 normalization.
        features: An .npz file of embeddings computed elsewhere, instead of a network.
    """

    embedder: str = "osnet_x0_25"
    weights: str = "embedded"
    backend: str = "torch"
    batch_size: int = 64
    device: str = "auto"
    threads: int | None = None
    metric: str = "euclidean"
    raw: bool = False
    features: Path | None = None

    def describe(self) -> dict[str, str]:
        """Return what is needed to compute the same embeddings again."""
        length = "not normalized" if self.raw else "unit length"
        if self.features is not None:
            return {"features": str(self.features), "metric": self.metric, "length": length}
        network = {"embedder": self.embedder, "weights": self.weights, "backend": self.backend}
        return {**network, "metric": self.metric, "length": length}


@dataclass(frozen=True)
class EvaluationOptions:
    """What to compute."""

    protocols: Sequence[str] = ("market1501",)  #: Names of protocols; the main metrics are those of the first
    ap: AveragePrecision = "precisions"  #: Kind of average precision
    rerank: bool = False  #: Also rank with k-reciprocal re-ranking
    expand: Sequence[str] = ()  #: Also rank with query expansion: "aqe", "alpha-qe"
    verification: bool = False  #: Also compute EER and TAR at FAR
