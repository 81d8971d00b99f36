"""Notes that help to read the result of an evaluation, and the reason if nothing can be evaluated."""

from collections.abc import Sequence

import numpy as np

from learning_reid.datasets.overlap import explain_no_valid_match
from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from learning_reid.evaluation.options import DataOptions, ModelOptions
from learning_reid.metrics.protocol import Protocol
from learning_reid.metrics.retrieval import RetrievalMetrics
from learning_reid.zoo.advice import notes_on_use
from learning_reid.zoo.cards import find_card

FEW_PERSONS = 30  # with fewer, confidence intervals are unreliable


def notes_on_data(
    split: QueryGallerySplit, metrics: RetrievalMetrics, data: DataOptions, protocols: Sequence[Protocol]
) -> list[str]:
    """Collect notes on the split, on skipped queries and on the number of persons."""
    notes = list(split.dataset.notes)
    all_as_queries = len(split.query) == len(split.dataset.subset("unsplit"))
    if len(protocols) > 1 and not data.query_cameras and all_as_queries:
        notes.append(
            "the dataset has no split, so every image is a query against all others, as self-only and single-camera "
            "need it; market1501 alone takes the first camera as query, with another result and fingerprint"
        )
    counted = np.unique(split.query_labels.person[metrics.counted])
    if metrics.queries_skipped:
        absent = np.setdiff1d(split.query_labels.person[~metrics.counted], counted)
        names = ", ".join(split.persons[person] for person in absent[:5]) + (", …" if len(absent) > 5 else "")
        notes.append(
            f"{metrics.queries_skipped} of {len(split.query)} queries have no true match and were skipped"
            + (f"; persons never found: {names}" if len(absent) else "")
        )
    if trained := len(split.training_persons()):
        notes.append(
            f"{trained} of {len(split.persons)} persons are also in the training part, so a network trained on it "
            "knows them; they are in no pairs"
        )
    if len(counted) < FEW_PERSONS:
        persons = f"{len(counted)} person{'s' if len(counted) > 1 else ''}"
        notes.append(f"queries of only {persons}: metrics and intervals are rough")
    return notes


def notes_on_model(model: ModelOptions, dataset: str) -> list[str]:
    """Collect notes from the card of published weights."""
    card = None if model.features else find_card(model.embedder, model.weights)
    return notes_on_use(card, dataset, model.metric, unit_length=not model.raw) if card else []


def explain_no_match(split: QueryGallerySplit, protocols: Sequence[Protocol]) -> str:
    """Explain why no query has a true match under any of the protocols."""
    if all(protocol.removes == "same picture" for protocol in protocols):
        where = " from the same camera" if protocols[0].competing == "own camera" else ""
        return f"no query has a true match: no query person has a second image{where}; give more images of each person"
    return explain_no_valid_match(split.query, split.gallery)
