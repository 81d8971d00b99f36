from .detection.registry import create_detector as create_detector
from .embedding.registry import create_embedder as create_embedder
from .evaluation.distance_matrix import evaluate_retrieval as evaluate_retrieval
from .models.registry import list_models as list_models
from .pipeline import run_pipeline as run_pipeline

__version__: str

__all__ = [
    "create_detector",
    "create_embedder",
    "evaluate_retrieval",
    "list_models",
    "run_pipeline",
]
