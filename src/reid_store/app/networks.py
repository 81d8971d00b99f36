"""The networks that the page asks: loaded when they are first needed, and then shared by everybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from learning_reid.detection.detections import Detector
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.model_choice import NamedModel, parse_models
from learning_reid.models.weights_file import resolve_weights
from reid_store.config import StoreSettings
from reid_store.extraction import ExtractionModels
from reid_store.records import detector_row, embedder_row


class Networks:
    """A detector, and one or more embedders to choose from.

    Args:
        settings: the detector, and the embedder that is offered first.
        words: further embedders, each as `similarity` names it.

    Raises:
        UserError: weights are missing, or a word names nothing.
    """

    def __init__(self, settings: StoreSettings, words: Sequence[str] = ()) -> None:
        self._settings = settings
        what = settings.embedder
        resolve_weights(what.name, what.weights)  # what is missing is told now
        label = what.weights if what.weights == "embedded" else f"{what.name}, {Path(what.weights).name}"
        models = [NamedModel(label, what.name, what.weights), *parse_models(["embedded", *words])]
        known = {(model.name, model.weights): model for model in reversed(models)}
        self.models = {known[key].label: known[key] for key in dict.fromkeys((m.name, m.weights) for m in models)}
        self._detector: Detector | None = None
        self._embedders: dict[str, Embedder] = {}

    def crew(self, engine: Engine, label: str) -> ExtractionModels:
        """The detector and one of the embedders, with rows in a store.

        Args:
            engine: of `open_store`.
            label: of `models`.
        """
        detector, embedder = self._open_detector(), self._open_embedder(label)
        where, model = self._settings.detector, self.models[label]
        with Session(engine, expire_on_commit=False) as session, session.begin():
            rows = (
                detector_row(session, where.name, where.weights, where.min_score, detector),
                embedder_row(session, model.name, model.weights, embedder),
            )
        return ExtractionModels(detector, embedder, *rows)

    def _open_detector(self) -> Detector:
        if self._detector is None:
            from learning_reid.detection.registry import create_detector

            where, runtime = self._settings.detector, self._settings.runtime
            self._detector = create_detector(
                where.name, where.weights, where.min_score, runtime.device, runtime.threads
            )
        return self._detector

    def _open_embedder(self, label: str) -> Embedder:
        if label not in self._embedders:
            from learning_reid.embedding.registry import create_embedder

            what, runtime, model = self._settings.embedder, self._settings.runtime, self.models[label]
            backend = what.backend if model.backend == "torch" else model.backend
            self._embedders[label] = create_embedder(
                model.name, model.weights, backend, what.batch_size, device=runtime.device, threads=runtime.threads
            )
        return self._embedders[label]
