"""Small datasets with different camera looks in memory, a short training on them, and mAP on each of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.datasets.identity_split import select_identities
from learning_reid.datasets.images import read_crop
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.device import cpu_has_bfloat16
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.losses.classification import cross_entropy
from learning_reid.losses.contrastive import supervised_contrastive_loss
from learning_reid.metrics.labels import Labels
from learning_reid.models.osnet import OSNet
from learning_reid.training.sampler import IdentityBatchSampler
from reid_course.lesson_data import evaluate_features

_BATCH_SIZE = 256  # of evaluation


@dataclass(frozen=True)
class Style:
    """Look of the images of a domain.

    Attributes:
        gains: Factors of red, green and blue.
        contrast: Contrast, 1 = unchanged, below 1 = lower.
        light: Brightness added to every value, of 255.
        blur: Standard deviation of the blur, in pixels of a crop 64 wide.
    """

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    light: float = 0.0
    blur: float = 0.0


def restyle(crop: np.ndarray, style: Style) -> np.ndarray:
    """Return a crop as the cameras of a domain would take it: (h, w, 3) uint8 RGB -> the same.

    >>> restyle(np.full((4, 4, 3), 100, np.uint8), Style(gains=(1.2, 1.0, 0.8)))[0, 0].tolist()
    [120, 100, 80]
    """
    if style.blur:
        crop = cv2.GaussianBlur(crop, (0, 0), style.blur * crop.shape[1] / 64)
    changed = (crop.astype(np.float32) - 128) * style.contrast + 128 + style.light
    return np.clip(np.rint(changed * np.array(style.gains, np.float32)), 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Domain:
    """A dataset of one look, in memory.

    Attributes:
        train_images: (n, 3, h, w) float32 training images, normalised.
        train_labels: Person and camera of each training image.
        split: Queries and gallery of the test persons, none of whom is in the training images.
        test_images: (q + g, 3, h, w) float32 images of `split.samples`.
    """

    train_images: Tensor
    train_labels: Labels
    split: QueryGallerySplit
    test_images: Tensor


def open_domain(
    crops: CropDataset, style: Style, size: tuple[int, int], max_persons: int | None = None, seed: int = 0
) -> Domain:
    """Read the training and test split of a dataset in a style.

    Args:
        crops: Dataset with a training split, queries and a gallery.
        style: Look of all images.
        size: Height and width of the images.
        max_persons: Number of persons to choose from the training and from the test split; None = all.
        seed: Seed of the choice.
    """
    train = crops.subset("train")
    if max_persons is not None:
        rng = np.random.default_rng(seed)
        chosen = _choose_persons(train, max_persons, rng)
        train = [sample for sample in train if sample.person_id in chosen]
        crops = select_identities(crops, _choose_persons(crops.subset("query"), max_persons, rng))
    split = split_query_gallery(crops)

    def read(samples: Sequence[Sample]) -> Tensor:
        return torch.from_numpy(Preprocessing(*size)([restyle(read_crop(sample), style) for sample in samples]))

    train_labels = QueryGallerySplit.from_samples(crops, [], train).gallery_labels
    return Domain(read(train), train_labels, split, read(split.samples))


def concat_domains(domains: Sequence[Domain]) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """Concatenate the training images of domains, with separate numbers for the persons and cameras of each.

    Returns:
        (n, 3, h, w) images, (n,) persons, (n,) cameras.
    """
    persons: list[np.ndarray] = []
    cameras: list[np.ndarray] = []
    for domain in domains:
        persons.append(domain.train_labels.person + (persons[-1].max() + 1 if persons else 0))
        cameras.append(domain.train_labels.camera + (cameras[-1].max() + 1 if cameras else 0))
    return torch.cat([domain.train_images for domain in domains]), np.concatenate(persons), np.concatenate(cameras)


def train_network(
    network: OSNet,
    domains: Sequence[Domain],
    steps: int,
    seed: int,
    batch_size: int = 32,
    after_step: Callable[[], object] = lambda: None,
) -> nn.Module:
    """Train a network with a BNNeck on several domains at once, with cross-entropy and a contrastive loss.

    Args:
        network: Network with random weights and without a classifier.
        domains: One domain or more.
        steps: Number of optimizer steps, independent of the number of domains.
        seed: Seed of batches, flips and classifier.
        batch_size: Images per batch, four of each person.
        after_step: Called after each step.

    Returns:
        Network (n, 3, h, w) -> (n, 512) in eval mode.
    """
    images, persons, cameras = concat_domains(domains)
    labels = torch.from_numpy(persons)
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        neck, classifier = nn.BatchNorm1d(network.feature_dim), nn.Linear(network.feature_dim, int(persons.max()) + 1)
    model = nn.Sequential(network, neck).to(memory_format=torch.channels_last).train()
    parameters = [*model.parameters(), *classifier.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=3e-3, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    batches = IdentityBatchSampler(persons, batch_size, 4, cameras=cameras, seed=seed)
    for step in range(steps):
        if step % batches.batches_per_epoch == 0:
            batches.set_epoch(step // batches.batches_per_epoch)
            epoch = iter(batches)
        chosen = next(epoch)
        flipped = torch.from_numpy(rng.random(len(chosen)) < 0.5).view(-1, 1, 1, 1)
        batch = torch.where(flipped, images[chosen].flip(3), images[chosen])
        with torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
            features = network(batch.contiguous(memory_format=torch.channels_last)).float()
        loss = cross_entropy(classifier(neck(features)), labels[chosen])
        loss = loss + supervised_contrastive_loss(features, labels[chosen], 0.2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        after_step()
    return model.eval()


def mean_ap(network: nn.Module, domain: Domain) -> float:
    """Compute the mAP (0–1) of a domain's test persons by cosine distance under the Market-1501 protocol."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
        batches = domain.test_images.split(_BATCH_SIZE)
        features = torch.cat([F.normalize(network(batch).float()) for batch in batches]).numpy()
    return evaluate_features(features, domain.split).means["map"]


def _choose_persons(samples: Sequence[Sample], count: int, rng: np.random.Generator) -> frozenset[str]:
    persons = sorted({sample.person_id for sample in samples if sample.person_id is not None})
    return frozenset(rng.permutation(persons)[:count].tolist())
