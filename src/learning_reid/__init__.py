"""Person re-identification: detection, embedding, retrieval, evaluation and training."""

__version__ = "0.2.0"
