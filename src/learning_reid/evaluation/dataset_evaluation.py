"""The examination: labelled crops → features → protocol → figures. How good is this network on these people?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from learning_reid.datasets.embeddings import embed_samples, load_embeddings
from learning_reid.datasets.content_hash import BAR_DELAY_S, fingerprint
from learning_reid.datasets.overlap import explain_no_valid_match
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.identity_split import select_identities
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.datasets.retrieval_task import RetrievalTask, create_retrieval_task
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError, did_you_mean
from learning_reid.evaluation.result import FIGURES, EvaluationResult, Method
from learning_reid.metrics.breakdown import metrics_by_camera_pair, metrics_by_person
from learning_reid.metrics.confidence import bootstrap_interval
from learning_reid.metrics.matches import Matches, has_true_match, find_matches
from learning_reid.metrics.open_set import OPEN_SET_FARS, dir_at_far
from learning_reid.metrics.protocol import PROTOCOLS, Protocol
from learning_reid.metrics.retrieval import AveragePrecision, RetrievalMetrics, retrieval_metrics
from learning_reid.metrics.verification import PairDistances
from learning_reid.retrieval.distances import DistanceRows, distance_rows
from learning_reid.retrieval.query_expansion import alpha_query_expansion, average_query_expansion
from learning_reid.retrieval.reranking import reranked_distance_rows
from learning_reid.zoo.advice import notes_on_use
from learning_reid.zoo.cards import find_card

FEW_PERSONS = 30  # below which an interval deserves a warning


@dataclass(frozen=True)
class DataOptions:
    """Which crops.

    Attributes:
        dataset: the layout.
        root: where they lie.
        query_cameras: which cameras ask; none named: the data set's own split.
        persons: these alone, and the strangers; None: everybody.
    """

    dataset: str
    root: Path
    query_cameras: Sequence[str] = ()
    persons: frozenset[str] | None = None


@dataclass(frozen=True)
class ModelOptions:
    """Where the features come from: a network with its weights, or a file of features computed elsewhere.

    Attributes:
        embedder, weights, backend, batch_size, device, threads: as in the settings of the walk-through.
        metric: `euclidean` or `cosine`.
        raw: features stay as long as the network gave them; otherwise each is divided by its length.
        features: an .npz file that replaces the network.
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

    def described(self) -> dict[str, str]:
        """What a reader must know to get the same features again."""
        length = "features as long as they came" if self.raw else "unit length"
        if self.features is not None:
            return {"features": str(self.features), "metric": self.metric, "length": length}
        network = {"embedder": self.embedder, "weights": self.weights, "backend": self.backend}
        return {**network, "metric": self.metric, "length": length}


@dataclass(frozen=True)
class EvaluationOptions:
    """What is to be found out.

    Attributes:
        protocols: names; the first gives the figures at the top.
        ap: which average precision.
        rerank: also rank with k-reciprocal re-ranking.
        expand: also ask again with the nearest answers: `aqe` or `alpha-qe`.
        verification: also EER and TAR at FAR.
    """

    protocols: Sequence[str] = ("market1501",)
    ap: AveragePrecision = "precisions"
    rerank: bool = False
    expand: Sequence[str] = ()
    verification: bool = False


def evaluate(data: DataOptions, model: ModelOptions, wanted: EvaluationOptions) -> EvaluationResult:
    """Answer how good a network is.

    Raises:
        UserError: anything about data, weights or options that the reader can mend; nobody to find is explained.
    """
    task, digest, rules = prepare(data, model, [get_protocol(name) for name in wanted.protocols])
    contest, main = task.split, rules[0]
    methods, rows, matches = _rank(task, main, wanted)
    others = [_place(task.distance_rows(), contest, rule, wanted.ap)[0] for rule in rules[1:]]
    final = methods[-1].retrieval
    persons = contest.query_labels.person
    same_camera = main.competing == "own camera"
    notes = _notes(contest, final, data, rules)
    several = len(contest.cameras) > 1 and not same_camera
    return EvaluationResult(
        task=task,
        model=model.described(),
        data=digest,
        methods=methods,
        distance_rows=rows,
        protocols=[methods[0].retrieval, *others] if others else [],
        intervals={name: bootstrap_interval(final.per_query[name], persons) for name in FIGURES},
        pairs=_pairs(task, same_camera, notes) if wanted.verification else None,
        open_set={} if main.repeats else {f"{far:g}": dir_at_far(matches, far) for far in OPEN_SET_FARS},
        camera_pairs=metrics_by_camera_pair(rows, contest.query_labels, contest.gallery_labels, main) if several else [],
        persons=metrics_by_person(final, contest.query_labels),
        notes=[*notes, *_notes_on_model(model, data.dataset)],
    )


def prepare(data: DataOptions, model: ModelOptions, rules: Sequence[Protocol]) -> tuple[RetrievalTask, str, Sequence[Protocol]]:
    """Read the crops, choose who asks, compute the features.

    Returns:
        The task, the fingerprint of its pictures and labels, and the protocols, those first under which somebody can
        be found.

    Raises:
        UserError: anything about data or weights that the reader can mend; nobody to find is explained.
    """
    crops = open_dataset(data.dataset, data.root)
    if data.persons is not None:
        crops = select_identities(crops, data.persons)
    within = any(rule.removes == "same picture" for rule in rules)
    contest = split_query_gallery(crops, data.query_cameras, all_as_queries=within)
    possible = [rule for rule in rules if has_true_match(contest.query_labels, contest.gallery_labels, rule).any()]
    if not possible:
        raise UserError(f"{crops.root}: {_why_nobody(contest, rules)}")
    if model.features is not None:
        features = load_embeddings(model.features, contest.samples, crops)
    else:
        embedder = create_embedder(
            model.embedder,
            model.weights,
            model.backend,
            model.batch_size,
            device=model.device,
            threads=model.threads,
            normalise=not model.raw,
        )
        features = embed_samples(contest.samples, embedder)
    digest = fingerprint(contest.query, contest.gallery)
    in_order = [*possible, *(rule for rule in rules if rule not in possible)]
    return create_retrieval_task(contest, features, model.metric, model.raw), digest, in_order


def get_protocol(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        UserError: there is none; the nearest names are told.
    """
    if name not in PROTOCOLS:
        raise UserError(f"unknown protocol {name!r}: {did_you_mean(name, [*PROTOCOLS, 'all'])}")
    return PROTOCOLS[name]


def _rank(task: RetrievalTask, rule: Protocol, wanted: EvaluationOptions) -> tuple[list[Method], DistanceRows, Matches]:
    """Rank plainly and with whatever is wanted after it: the methods, the last one's distances, the plain matches."""
    query, gallery, metric = task.query_features, task.gallery_features, task.metric
    ways: dict[str, Callable[[], DistanceRows]] = {"plain": task.distance_rows}
    if "aqe" in wanted.expand:
        ways["AQE"] = lambda: distance_rows(average_query_expansion(query, gallery), gallery, metric)
    if "alpha-qe" in wanted.expand:
        ways["αQE"] = lambda: distance_rows(alpha_query_expansion(query, gallery), gallery, metric)
    if wanted.rerank:
        ways["k-reciprocal"] = lambda: reranked_distance_rows(query, gallery, metric=metric)
    methods, plain = [], None
    for name, prepare_rows in ways.items():
        start = time.perf_counter()
        rows = prepare_rows()
        retrieval, matches = _place(rows, task.split, rule, wanted.ap)
        methods.append(Method(name, retrieval, time.perf_counter() - start))
        plain = plain or matches
    assert plain is not None
    return methods, rows, plain


def _place(rows: DistanceRows, contest: QueryGallerySplit, rule: Protocol, ap: AveragePrecision) -> tuple[RetrievalMetrics, Matches]:
    query, gallery = contest.query_labels, contest.gallery_labels
    with tqdm(total=len(query), desc=rule.name, unit="query", delay=BAR_DELAY_S, dynamic_ncols=True) as bar:
        matches = find_matches(rows, query, gallery, rule, progress=bar.update)
    return retrieval_metrics(matches, query, gallery, rule, ap), matches


def _pairs(task: RetrievalTask, same_camera: bool, notes: list[str]) -> PairDistances | None:
    try:
        return task.pairs(same_camera)
    except UserError as problem:  # the other figures are there all the same
        notes.append(f"no verification figures: {problem}")
        return None


def _why_nobody(contest: QueryGallerySplit, rules: Sequence[Protocol]) -> str:
    if all(rule.removes == "same picture" for rule in rules):
        where = " from the same camera" if rules[0].competing == "own camera" else ""
        return f"nobody can be found: no person who asks has a second picture{where}; give more pictures of each person"
    return explain_no_valid_match(contest.query, contest.gallery)


def _notes(contest: QueryGallerySplit, retrieval: RetrievalMetrics, data: DataOptions, rules: Sequence[Protocol]) -> list[str]:
    notes = list(contest.dataset.notes)
    everybody = len(contest.query) == len(contest.dataset.subset("unsplit"))
    if len(rules) > 1 and not data.query_cameras and everybody:
        notes.append(
            "the set has no split, so here every picture asks all others, as self-only and single-camera need it; "
            "market1501 by itself lets the first camera ask, and gives another figure (and fingerprint)"
        )
    if retrieval.queries_skipped:
        persons = contest.query_labels.person[~retrieval.counted]
        absent = np.setdiff1d(persons, contest.query_labels.person[retrieval.counted])
        named = ", ".join(contest.persons[person] for person in absent[:5]) + (", …" if len(absent) > 5 else "")
        notes.append(
            f"{retrieval.queries_skipped} of {len(contest.query)} queries have nobody to find and were left out"
            + (f"; persons never found: {named}" if len(absent) else "")
        )
    if trained := len(contest.training_persons()):
        notes.append(
            f"{trained} of {len(contest.persons)} persons are also in the training part: a network trained on it "
            "knows them; they take no part in pairs"
        )
    asking = len(np.unique(contest.query_labels.person[retrieval.counted]))
    if asking < FEW_PERSONS:
        notes.append(f"{asking} person{'s' if asking > 1 else ''} asked: figures and intervals from so few are rough")
    return notes


def _notes_on_model(model: ModelOptions, target: str) -> list[str]:
    """What the card of published weights makes one say of measuring them here."""
    card = None if model.features else find_card(model.embedder, model.weights)
    return notes_on_use(card, target, model.metric, unit_length=not model.raw) if card else []
