"""Evaluate the same embeddings under every protocol, to show that a metric without its protocol means nothing."""

import hashlib
from dataclasses import astuple

import numpy as np

from learning_reid.io.markdown import markdown_table, percent
from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import RetrievalMetrics, retrieval_metrics
from learning_reid.retrieval.distances import distance_rows
from reid_synth.datasets.features import FeaturePlan, make_features


def evaluate_protocols(plan: FeaturePlan) -> dict[str, RetrievalMetrics]:
    """Evaluate generated embeddings under every protocol.

    Returns:
        Metrics by the name of the protocol.
    """
    features, person, camera, is_query = make_features(plan)
    labels = Labels.of(person, camera)
    query, gallery = np.flatnonzero(is_query), np.flatnonzero(~is_query)
    both = labels.take(query), labels.take(gallery)
    metrics = {}
    for name, protocol in PROTOCOLS.items():
        matches = find_matches(distance_rows(features[query], features[gallery], "cosine"), *both, protocol)
        metrics[name] = retrieval_metrics(matches, *both, protocol)
    return metrics


def protocols_text(plan: FeaturePlan) -> str:
    """Format the metrics under every protocol as a table, followed by the definitions."""
    data = hashlib.sha256(repr(astuple(plan)).encode()).hexdigest()
    rows = []
    for name, metrics in evaluate_protocols(plan).items():
        cells = [percent(value) for value in (metrics.rank1, metrics.rank5, metrics.map, metrics.minp)]
        rows.append([f"`{name}`", *cells, metrics.fingerprint(data)])
    definitions = [f"- `{name}`: {protocol.definition}" for name, protocol in PROTOCOLS.items()]
    table = markdown_table(["protocol", "rank-1", "rank-5", "mAP", "mINP", "fingerprint"], rows)
    return "\n".join([table, "", *definitions])
