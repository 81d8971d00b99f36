"""Batches of P persons × K images each (PK sampling), as losses that compare images need.

A random batch of 64 images of 751 persons would hardly contain two of the same person.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from learning_reid.errors import UserError


class IdentityBatchSampler(Sampler[list[int]]):
    """Batches of P persons × K images of each (Hermans et al. 2017, arXiv 1703.07737, section 2).

    Each pass draws all persons in random order, P at a time. If the last batch is not full, the first persons of the
    pass fill it, with newly drawn images. From a person with more than K images, K different ones are drawn, from as
    many cameras as possible; a person with fewer repeats some. An epoch has as many passes as an average person has K
    images, so that it contains about as many images as the dataset.

    The batches depend on seed and epoch alone, so that every process and every resumed run draws the same ones. Each of
    several processes gets its own persons of every batch; together the shares are the batch of a single process. Use it
    as `DataLoader(batch_sampler=…)`, and do not let accelerate shard it again.

    Args:
        person_ids: (n,) identity of each image: any numbers, or names.
        batch_size: P·K images of a step, over all processes.
        per_person: K.
        cameras: (n,) camera of each image; None if unknown.
        seed: Seed of the draws.
        rank: Index of this process.
        world: Number of processes.
        epoch: The next epoch, from 0; see `set_epoch`.
        start_batch: Completed batches of that epoch.

    Raises:
        UserError: Such batches cannot be drawn from these persons, or not be shared by these processes.
        ValueError: person_ids and cameras differ in length, or rank, epoch or start_batch is out of range.

    Example:
        >>> sampler = IdentityBatchSampler(["ann", "ann", "bob", "bob", "eve", "eve"], batch_size=4, per_person=2)
        >>> [len(batch) for batch in sampler]
        [4, 4]
    """

    def __init__(
        self,
        person_ids: Sequence[int] | Sequence[str] | np.ndarray,
        batch_size: int,
        per_person: int,
        *,
        cameras: Sequence[int] | np.ndarray | None = None,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        epoch: int = 0,
        start_batch: int = 0,
    ) -> None:
        if cameras is not None and len(cameras) != len(person_ids):
            raise ValueError(f"{len(person_ids)} person ids but {len(cameras)} cameras")
        if not 0 <= rank < world:
            raise ValueError(f"rank {rank} of {world} processes")
        names, labels = np.unique(np.asarray(person_ids), return_inverse=True)
        check_batch_size(len(names), batch_size, per_person, world)
        self.batch_size, self.per_person = batch_size, per_person
        self.seed, self.rank, self.world = seed, rank, world
        by_person = np.argsort(labels, kind="stable")
        self._images = np.split(by_person, np.cumsum(np.bincount(labels))[:-1])  # rows of each person
        self._cameras = np.zeros(len(labels), int) if cameras is None else np.asarray(cameras)
        self.set_epoch(epoch, start_batch)

    @property
    def persons_per_batch(self) -> int:
        """P, over all processes."""
        return self.batch_size // self.per_person

    @property
    def passes(self) -> int:
        """Passes over all persons in an epoch."""
        return max(1, round(len(self._cameras) / (len(self._images) * self.per_person)))

    @property
    def batches_per_epoch(self) -> int:
        """Batches of a whole epoch, wherever this one starts."""
        return self.passes * -(-len(self._images) // self.persons_per_batch)

    def set_epoch(self, epoch: int, start_batch: int = 0) -> None:
        """Set the next epoch and its completed batches. Call it before every epoch."""
        if epoch < 0 or not 0 <= start_batch <= self.batches_per_epoch:
            raise ValueError(f"batch {start_batch} of epoch {epoch}, which has {self.batches_per_epoch}")
        self.epoch, self.start_batch = epoch, start_batch

    def __len__(self) -> int:
        """Return the number of remaining batches of this epoch."""
        return self.batches_per_epoch - self.start_batch

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the rows of each remaining batch, this process's share, person after person."""
        rng = np.random.default_rng([self.seed, self.epoch])
        size, persons = self.persons_per_batch, []
        for _ in range(self.passes):
            order = rng.permutation(len(self._images))
            persons += [order, order[: -len(order) % size]]  # full batches; P ≤ persons, so none is twice in one
        rows = [self._draw(self._images[person], rng) for person in np.concatenate(persons)]
        drawn = np.stack(rows)  # (batches·P, K)
        batches = drawn.reshape(self.batches_per_epoch, self.world, -1)  # (batches, processes, share)
        return iter(batches[self.start_batch :, self.rank].tolist())

    def _draw(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw K of a person's images: (K,) rows."""
        shuffled = rng.permutation(images)
        # The first image of every camera, then the second of every camera, …
        _, camera = np.unique(self._cameras[shuffled], return_inverse=True)
        by_camera = np.argsort(camera, kind="stable")
        turn = np.empty(len(camera), int)
        turn[by_camera] = np.concatenate([np.arange(count) for count in np.bincount(camera)])
        return np.resize(shuffled[np.argsort(turn, kind="stable")], self.per_person)  # too few images are repeated


def check_batch_size(persons: int, batch_size: int, per_person: int, world: int = 1) -> None:
    """Raise an error if batches of this size cannot be drawn, with the nearest size that can.

    Args:
        persons: Number of training identities.
        batch_size: Images of a step, over all processes.
        per_person: Images of each person in it (`num_instances`).
        world: Number of processes.

    Raises:
        UserError: Such batches cannot be drawn, or not be shared.
    """
    if persons < 2:
        what = "one person" if persons else "no images"
        raise UserError(f"cannot train on {what}: telling people apart takes at least 2 persons")
    if per_person < 1:
        raise UserError(f"num_instances {per_person}: set it to 1 or more images of each person in a batch")
    if batch_size % per_person:
        below = batch_size // per_person * per_person
        nearest = f"{below} or {below + per_person}" if below >= 2 * per_person else f"{2 * per_person}"
        raise UserError(
            f"batch_size {batch_size} is not a multiple of num_instances {per_person}: set batch_size to {nearest}"
        )
    size = batch_size // per_person
    if size < 2:
        raise UserError(
            f"batch_size {batch_size} has fewer than 2 persons of {per_person} images (num_instances): "
            f"set batch_size to {2 * per_person} or more"
        )
    if size > persons:
        raise UserError(
            f"batch_size {batch_size} with num_instances {per_person} takes {size} persons, but there are {persons}: "
            f"set batch_size to {persons * per_person} or less"
        )
    if size % world:
        below, above = size // world * world * per_person, (size // world + 1) * world * per_person
        raise UserError(
            f"{world} processes cannot share the {size} persons of a batch evenly: set batch_size to "
            + (f"{below} or {above}" if below else f"{above}")
        )
