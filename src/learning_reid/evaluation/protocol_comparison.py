"""Five rules, one set of features, five figures: why a figure without its protocol means nothing."""

import hashlib

import numpy as np

from learning_reid.io.markdown import markdown_table, percent
from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import RetrievalMetrics, retrieval_metrics
from learning_reid.retrieval.distances import distance_rows
from reid_synth.datasets.features import FeaturePlan, make_features


def evaluate_protocols(world: FeaturePlan) -> dict[str, RetrievalMetrics]:
    """The same generated features under every protocol."""
    features, person, camera, asks = make_features(world)
    labels = Labels.of(person, camera)
    query, gallery = np.flatnonzero(asks), np.flatnonzero(~asks)
    both = labels.take(query), labels.take(gallery)
    scores = {}
    for name, protocol in PROTOCOLS.items():
        matches = find_matches(distance_rows(features[query], features[gallery], "cosine"), *both, protocol)
        scores[name] = retrieval_metrics(matches, *both, protocol)
    return scores


def protocols_text(world: FeaturePlan) -> str:
    """The protocols with their definitions, and a table of what each makes of the same features."""
    data = hashlib.sha256(repr(world).encode()).hexdigest()
    rows = []
    for name, scored in evaluate_protocols(world).items():
        figures = scored.means
        cells = [percent(figures[figure]) for figure in ("rank1", "rank5", "map", "minp")]
        rows.append([f"`{name}`", *cells, scored.fingerprint(data)])
    lines = [f"- `{name}`: {protocol.definition}" for name, protocol in PROTOCOLS.items()]
    table = markdown_table(["protocol", "rank-1", "rank-5", "mAP", "mINP", "fingerprint"], rows)
    return "\n".join([table, "", *lines])
