"""The networks of the app, loaded on first use and shared by all sessions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from learning_reid.detection.detections import Detector
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.model_choice import NamedModel, parse_models
from learning_reid.models.weights_file import resolve_weights
from reid_store.config import StoreSettings
from reid_store.extraction import ExtractionModels, register_models


class Networks:
    """A detector, and one or more embedders to choose from.

    Args:
        settings: The detector, and the default embedder.
        names: Further embedders, named as for the command `similarity`.

    Raises:
        UserError: Weights are missing, or a name is unknown.
    """

    def __init__(self, settings: StoreSettings, names: Sequence[str] = ()) -> None:
        self._settings = settings
        default = settings.embedder
        resolve_weights(default.name, default.weights)  # missing weights are reported before the page opens
        label = default.weights if default.weights == "embedded" else f"{default.name}, {Path(default.weights).name}"
        models = [NamedModel(label, default.name, default.weights), *parse_models(["embedded", *names])]
        first = {(model.name, model.weights): model for model in reversed(models)}  # the first of equal ones
        self.models = {first[key].label: first[key] for key in dict.fromkeys((m.name, m.weights) for m in models)}
        self._detector: Detector | None = None
        self._embedders: dict[str, Embedder] = {}

    def extraction_models(self, engine: Engine, label: str) -> ExtractionModels:
        """Return the detector and one of the embedders with their rows in a store.

        Args:
            engine: From `open_store`.
            label: A key of `models`.
        """
        detector, embedder = self._load_detector(), self._load_embedder(label)
        return register_models(engine, detector, embedder, self._settings.detector, self.models[label])

    def _load_detector(self) -> Detector:
        if self._detector is None:
            from learning_reid.detection.registry import create_detector

            settings, runtime = self._settings.detector, self._settings.runtime
            self._detector = create_detector(
                settings.name, settings.weights, settings.min_score, runtime.device, runtime.threads
            )
        return self._detector

    def _load_embedder(self, label: str) -> Embedder:
        if label not in self._embedders:
            from learning_reid.embedding.registry import create_embedder

            settings, runtime, model = self._settings.embedder, self._settings.runtime, self.models[label]
            backend = settings.backend if model.backend == "torch" else model.backend
            self._embedders[label] = create_embedder(
                model.name, model.weights, backend, settings.batch_size, device=runtime.device, threads=runtime.threads
            )
        return self._embedders[label]
