"""Evaluate a model on a dataset: labeled crops → embeddings → protocol → metrics."""

import time
from collections.abc import Callable, Sequence

from tqdm.auto import tqdm

from learning_reid.datasets.content_hash import BAR_DELAY_S, fingerprint
from learning_reid.datasets.embeddings import embed_samples, load_embeddings
from learning_reid.datasets.identity_split import select_identities
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.datasets.retrieval_task import RetrievalTask, create_retrieval_task
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.evaluation.notes import explain_no_match, notes_on_data, notes_on_model
from learning_reid.evaluation.options import DataOptions, EvaluationOptions, ModelOptions
from learning_reid.evaluation.result import EvaluationResult, RankingMethod
from learning_reid.metrics.breakdown import metrics_by_camera_pair, metrics_by_person
from learning_reid.metrics.confidence import bootstrap_interval
from learning_reid.metrics.matches import Matches, find_matches, has_true_match
from learning_reid.metrics.open_set import OPEN_SET_FARS, dir_at_far
from learning_reid.metrics.protocol import Protocol, get_protocol
from learning_reid.metrics.retrieval import METRICS, AveragePrecision, RetrievalMetrics, retrieval_metrics
from learning_reid.metrics.verification import PairDistances
from learning_reid.retrieval.distances import DistanceRows, distance_rows
from learning_reid.retrieval.query_expansion import alpha_query_expansion, average_query_expansion
from learning_reid.retrieval.reranking import reranked_distance_rows


def evaluate_dataset(data: DataOptions, model: ModelOptions, options: EvaluationOptions) -> EvaluationResult:
    """Evaluate a model on a dataset.

    Raises:
        UserError: The data, weights or options cannot be used, or no query has a true match.
    """
    task, digest, protocols = prepare_task(data, model, [get_protocol(name) for name in options.protocols])
    split, main = task.split, protocols[0]
    methods, rows, plain_matches = _rank(task, main, options)
    others = [_score(task.distance_rows(), split, protocol, options.ap)[0] for protocol in protocols[1:]]
    metrics = methods[-1].metrics
    same_camera = main.competing == "own camera"
    camera_pairs = []
    if len(split.cameras) > 1 and not same_camera:
        camera_pairs = metrics_by_camera_pair(rows, split.query_labels, split.gallery_labels, main)
    notes = notes_on_data(split, metrics, data, protocols)
    return EvaluationResult(
        task=task,
        model=model.describe(),
        data=digest,
        methods=methods,
        distance_rows=rows,
        protocols=[methods[0].metrics, *others] if others else [],
        intervals={name: bootstrap_interval(metrics.per_query[name], split.query_labels.person) for name in METRICS},
        pairs=_collect_pairs(task, same_camera, notes) if options.verification else None,
        open_set={} if main.repeats else {f"{far:g}": dir_at_far(plain_matches, far) for far in OPEN_SET_FARS},
        camera_pairs=camera_pairs,
        persons=metrics_by_person(metrics, split.query_labels),
        notes=[*notes, *notes_on_model(model, data.dataset)],
    )


def prepare_task(
    data: DataOptions, model: ModelOptions, protocols: Sequence[Protocol]
) -> tuple[RetrievalTask, str, Sequence[Protocol]]:
    """Read the crops, split them into query and gallery, and compute the embeddings.

    Returns:
        The task, the fingerprint of its images and labels, and the protocols; those with a true match come first.

    Raises:
        UserError: The data or weights cannot be used, or no query has a true match.
    """
    dataset = open_dataset(data.dataset, data.root)
    if data.persons is not None:
        dataset = select_identities(dataset, data.persons)
    all_as_queries = any(protocol.removes == "same picture" for protocol in protocols)
    split = split_query_gallery(dataset, data.query_cameras, all_as_queries=all_as_queries)
    usable = [p for p in protocols if has_true_match(split.query_labels, split.gallery_labels, p).any()]
    if not usable:
        raise UserError(f"{dataset.root}: {explain_no_match(split, protocols)}")
    if model.features is not None:
        embeddings = load_embeddings(model.features, split.samples, dataset)
    else:
        embedder = create_embedder(
            model.embedder,
            model.weights,
            model.backend,
            model.batch_size,
            device=model.device,
            threads=model.threads,
            normalize=not model.raw,
        )
        embeddings = embed_samples(split.samples, embedder)
    digest = fingerprint(split.query, split.gallery)
    in_order = [*usable, *(protocol for protocol in protocols if protocol not in usable)]
    return create_retrieval_task(split, embeddings, model.metric, model.raw), digest, in_order


def _rank(
    task: RetrievalTask, protocol: Protocol, options: EvaluationOptions
) -> tuple[list[RankingMethod], DistanceRows, Matches]:
    """Rank with every method: return their metrics, the distances of the last method, and the plain matches."""
    query, gallery, metric = task.query_features, task.gallery_features, task.metric
    prepare: dict[str, Callable[[], DistanceRows]] = {"plain": task.distance_rows}
    if "aqe" in options.expand:
        prepare["AQE"] = lambda: distance_rows(average_query_expansion(query, gallery), gallery, metric)
    if "alpha-qe" in options.expand:
        prepare["αQE"] = lambda: distance_rows(alpha_query_expansion(query, gallery), gallery, metric)
    if options.rerank:
        prepare["k-reciprocal"] = lambda: reranked_distance_rows(query, gallery, metric=metric)
    methods, plain_matches = [], None
    for name, prepare_rows in prepare.items():
        start = time.perf_counter()
        rows = prepare_rows()
        metrics, matches = _score(rows, task.split, protocol, options.ap)
        methods.append(RankingMethod(name, metrics, time.perf_counter() - start))
        plain_matches = plain_matches or matches
    assert plain_matches is not None
    return methods, rows, plain_matches


def _score(
    rows: DistanceRows, split: QueryGallerySplit, protocol: Protocol, ap: AveragePrecision
) -> tuple[RetrievalMetrics, Matches]:
    query, gallery = split.query_labels, split.gallery_labels
    with tqdm(total=len(query), desc=protocol.name, unit="query", delay=BAR_DELAY_S, dynamic_ncols=True) as bar:
        matches = find_matches(rows, query, gallery, protocol, progress=bar.update)
    return retrieval_metrics(matches, query, gallery, protocol, ap), matches


def _collect_pairs(task: RetrievalTask, same_camera: bool, notes: list[str]) -> PairDistances | None:
    try:
        return task.pairs(same_camera)
    except UserError as error:  # the other metrics are still valid
        notes.append(f"no verification metrics: {error}")
        return None
