"""A retrieval task, ready to be scored: who asks, who answers, and the features of both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learning_reid.datasets.sample import LabelledCrops, Sample
from learning_reid.datasets.split import query_and_gallery
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.errors import UserError
from learning_reid.frames.folder import natural_order
from learning_reid.metrics.labels import STRANGER, Labels
from learning_reid.metrics.verification import Pairs, collect_pairs
from learning_reid.retrieval.distances import DistanceRows, distance_rows


@dataclass(frozen=True, eq=False)
class Contest:
    """Who asks and who answers, with numbers for persons and cameras.

    Attributes:
        crops: the data set.
        query: the samples that ask.
        gallery: the samples that answer.
        query_labels, gallery_labels: one entry for each sample.
        persons: `persons[n]` is the person that the labels call n.
        cameras: `cameras[n]` is the camera that the labels call n.
    """

    crops: LabelledCrops
    query: Sequence[Sample]
    gallery: Sequence[Sample]
    query_labels: Labels
    gallery_labels: Labels
    persons: Sequence[str]
    cameras: Sequence[str]

    @property
    def samples(self) -> list[Sample]:
        """Query and gallery, one after the other."""
        return [*self.query, *self.gallery]

    @property
    def all_labels(self) -> Labels:
        """The labels of `samples`."""
        both = (self.query_labels, self.gallery_labels)
        parts = ([getattr(labels, name) for labels in both] for name in ("person", "camera", "picture"))
        return Labels(*(np.concatenate(part) for part in parts))

    def in_training(self) -> np.ndarray:
        """Numbers of the persons that the data set also has for training."""
        trained = {sample.person_id for sample in self.crops.of("train")}
        return np.flatnonzero([person in trained for person in self.persons])


@dataclass(frozen=True, eq=False)
class Task:
    """A contest and the features of everybody in it.

    Attributes:
        contest: who asks and who answers.
        query_features: (q, d) float32.
        gallery_features: (g, d) float32.
        metric: `euclidean` or `cosine`.
    """

    contest: Contest
    query_features: np.ndarray
    gallery_features: np.ndarray
    metric: str

    @property
    def all_features(self) -> np.ndarray:
        """(q + g, d) of `contest.samples`."""
        return np.concatenate([self.query_features, self.gallery_features])

    def distance_rows(self) -> DistanceRows:
        """The distances of some queries to the whole gallery."""
        return distance_rows(self.query_features, self.gallery_features, self.metric)

    def of_persons(self, persons: np.ndarray) -> "Task":
        """The same task among some persons; strangers stay in the gallery."""
        contest = self.contest
        asks = np.flatnonzero(np.isin(contest.query_labels.person, persons))
        answers = np.flatnonzero(np.isin(contest.gallery_labels.person, [*persons, STRANGER]))
        part = Contest(
            contest.crops,
            [contest.query[int(row)] for row in asks],
            [contest.gallery[int(row)] for row in answers],
            contest.query_labels.take(asks),
            contest.gallery_labels.take(answers),
            contest.persons,
            contest.cameras,
        )
        return Task(part, self.query_features[asks], self.gallery_features[answers], self.metric)

    def pairs(self, same_camera: bool = False) -> Pairs:
        """Genuine and impostor pairs across cameras, without the persons that the data set has for training.

        Args:
            same_camera: within cameras instead.

        Raises:
            UserError: there are no pairs of one of the kinds.
        """
        tested = np.setdiff1d(np.arange(len(self.contest.persons)), self.contest.in_training())
        task = self if len(tested) == len(self.contest.persons) else self.of_persons(tested)
        labels = task.contest.query_labels, task.contest.gallery_labels
        try:
            return collect_pairs(task.distance_rows(), *labels, same_camera=same_camera)
        except ValueError as problem:
            where = "within one camera" if same_camera else "across cameras"
            raise UserError(
                f"{self.contest.crops.root}: {problem} {where}; give pictures of two persons or more, each seen twice"
            ) from None


def make_contest(crops: LabelledCrops, query_cameras: Sequence[str] = (), everybody: bool = False) -> Contest:
    """Choose who asks and who answers, and number persons and cameras.

    Args:
        crops: a data set.
        query_cameras: the cameras that ask; empty: the data set's own split, or its first camera.
        everybody: where the data set has no split and no camera is named, everybody asks everybody; for protocols that
            look within one camera.

    Raises:
        UserError: nobody to ask, nobody to answer, or a camera that is not there.
    """
    unsplit = crops.of("unsplit")
    if everybody and not query_cameras and len(unsplit) == len(crops.samples):
        query, gallery = [sample for sample in unsplit if sample.person_id is not None], unsplit
    else:
        query, gallery = query_and_gallery(crops, query_cameras)
    return number(crops, query, gallery)


def number(crops: LabelledCrops, query: Sequence[Sample], gallery: Sequence[Sample]) -> Contest:
    """Give persons and cameras numbers, and pictures too: one that asks and answers has the same in both lists."""
    both = [*query, *gallery]
    persons = natural_order({sample.person_id for sample in both if sample.person_id is not None})
    cameras = natural_order({sample.camera_id for sample in both})
    in_order = sorted(set(both), key=lambda sample: (str(sample.path), sample.box_xyxy or ()))
    pictures = {sample: index for index, sample in enumerate(in_order)}

    def label(samples: Sequence[Sample]) -> Labels:
        who = {person: index for index, person in enumerate(persons)}
        where = {camera: index for index, camera in enumerate(cameras)}
        return Labels.of(
            [STRANGER if sample.person_id is None else who[sample.person_id] for sample in samples],
            [where[sample.camera_id] for sample in samples],
            [pictures[sample] for sample in samples],
        )

    return Contest(crops, query, gallery, label(query), label(gallery), persons, cameras)


def make_task(contest: Contest, features: np.ndarray, metric: str, raw: bool = False) -> Task:
    """Join a contest and the features of its samples.

    Args:
        contest: who asks and who answers.
        features: (q + g, d) of `contest.samples`.
        metric: `euclidean` or `cosine`.
        raw: leave the features at their lengths; by default each is divided by it.
    """
    features = features if raw else l2_normalize(features, np.float32)
    return Task(contest, features[: len(contest.query)], features[len(contest.query) :], metric)
