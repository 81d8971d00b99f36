"""Embedding backends by name."""

from collections.abc import Callable

from learning_reid.embedding.embedder import Embedder
from learning_reid.registry import Registry

BACKENDS: Registry[Callable[..., Embedder]] = Registry("backend", "learning_reid.embedding", "register_backend")
register_backend = BACKENDS.register
