"""Small worlds to train in and to be tested in: crops in memory, a short training, and mAP in any world."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.datasets.images import read_crop
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.datasets.identity_split import select_identities
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.losses.contrastive import supervised_contrastive_loss
from learning_reid.losses.classification import cross_entropy
from learning_reid.metrics.labels import Labels
from learning_reid.models.osnet import OSNet
from learning_reid.device import cpu_has_bfloat16
from learning_reid.training.sampler import IdentityBatchSampler
from tools.weights.reid_evaluation import market1501_metrics

_AT_ONCE = 256


@dataclass(frozen=True)
class Style:
    """How a world is photographed.

    Attributes:
        gains: factors of red, green, blue.
        contrast: 1 as it is, below 1 greyer.
        light: added to everything, of 255.
        blur: deviation of the blur, pixels of a crop 64 wide.
    """

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    light: float = 0.0
    blur: float = 0.0


def restyle(picture: np.ndarray, style: Style) -> np.ndarray:
    """The same picture as that world's cameras would take it: (h, w, 3) uint8 RGB -> the same.

    >>> restyle(np.full((4, 4, 3), 100, np.uint8), Style(gains=(1.2, 1.0, 0.8)))[0, 0].tolist()
    [120, 100, 80]
    """
    if style.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), style.blur * picture.shape[1] / 64)
    changed = (picture.astype(np.float32) - 128) * style.contrast + 128 + style.light
    return np.clip(np.rint(changed * np.array(style.gains, np.float32)), 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class World:
    """A data set in memory, of one look.

    Attributes:
        pictures: (n, 3, h, w) float32, normalised, to learn from.
        labels: who is on them, and which camera took them.
        contest: who asks and who answers; nobody of those to learn from.
        asked: (q + g, 3, h, w) of `contest.samples`.
    """

    pictures: Tensor
    labels: Labels
    contest: QueryGallerySplit
    asked: Tensor


def open_world(
    crops: CropDataset, style: Style, size: tuple[int, int], most_people: int | None = None, seed: int = 0
) -> World:
    """Read the training and test part of a data set, in a style.

    Args:
        crops: with a training part and people to test.
        style: how everything looks.
        size: height and width of the pictures.
        most_people: of the training and of the test part each; None: all.
        seed: of the choice.
    """
    learned = crops.subset("train")
    if most_people is not None:
        rng = np.random.default_rng(seed)
        chosen = _some(learned, most_people, rng)
        learned = [sample for sample in learned if sample.person_id in chosen]
        crops = select_identities(crops, _some(crops.subset("query"), most_people, rng))
    contest = split_query_gallery(crops)

    def read(samples: Sequence[Sample]) -> Tensor:
        return torch.from_numpy(Preprocessing(*size)([restyle(read_crop(sample), style) for sample in samples]))

    return World(read(learned), QueryGallerySplit.from_samples(crops, [], learned).gallery_labels, contest, read(contest.samples))


def merge(worlds: Sequence[World]) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """The training parts of some worlds as one: pictures (n, 3, h, w), people (n,), cameras (n,), all told apart."""
    people: list[np.ndarray] = []
    cameras: list[np.ndarray] = []
    for world in worlds:
        people.append(world.labels.person + (people[-1].max() + 1 if people else 0))
        cameras.append(world.labels.camera + (cameras[-1].max() + 1 if cameras else 0))
    return torch.cat([world.pictures for world in worlds]), np.concatenate(people), np.concatenate(cameras)


def train_network(
    network: OSNet,
    worlds: Sequence[World],
    steps: int,
    seed: int,
    batch_size: int = 32,
    done: Callable[[], object] = lambda: None,
) -> nn.Module:
    """Train a network in some worlds at once, by cross-entropy and contrastive loss; a BN neck is added.

    Args:
        network: with random weights, without a classifier.
        worlds: one or more.
        steps: of gradient descent, whatever the number of worlds.
        seed: of batches, mirroring and classifier.
        batch_size: four pictures of each person.
        done: called after each step.

    Returns:
        (n, 3, h, w) -> (n, 512), in eval mode.
    """
    pictures, people, cameras = merge(worlds)
    labels = torch.from_numpy(people)
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        neck, classifier = nn.BatchNorm1d(network.feature_dim), nn.Linear(network.feature_dim, int(people.max()) + 1)
    whole = nn.Sequential(network, neck).to(memory_format=torch.channels_last).train()
    parameters = [*whole.parameters(), *classifier.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=3e-3, weight_decay=5e-4)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    batches = IdentityBatchSampler(people, batch_size, 4, cameras=cameras, seed=seed)
    for step in range(steps):
        if step % batches.batches_per_epoch == 0:
            batches.set_epoch(step // batches.batches_per_epoch)
            epoch = iter(batches)
        chosen = next(epoch)
        mirrored = torch.from_numpy(rng.random(len(chosen)) < 0.5).view(-1, 1, 1, 1)
        batch = torch.where(mirrored, pictures[chosen].flip(3), pictures[chosen])
        with torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
            before = network(batch.contiguous(memory_format=torch.channels_last)).float()
        loss = cross_entropy(classifier(neck(before)), labels[chosen])
        loss = loss + supervised_contrastive_loss(before, labels[chosen], 0.2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rates.step()
        done()
    return whole.eval()


def mean_ap(network: nn.Module, world: World) -> float:
    """mAP of the test people of a world, by cosine, under the Market-1501 protocol: 0–1."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
        features = torch.cat([F.normalize(network(part).float()) for part in world.asked.split(_AT_ONCE)]).numpy()
    return market1501_metrics(features, world.contest).means["map"]


def _some(samples: Sequence[Sample], count: int, rng: np.random.Generator) -> frozenset[str]:
    persons = sorted({sample.person_id for sample in samples if sample.person_id is not None})
    return frozenset(rng.permutation(persons)[:count].tolist())
