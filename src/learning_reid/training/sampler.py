"""Batches of P people × K pictures each: what losses that compare pictures with each other need.

Picked at random, a batch of 64 pictures of 751 people would hold hardly any two of one person.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from learning_reid.errors import UserError


class IdentityBatchSampler(Sampler[list[int]]):
    """Batches of P people × K pictures of each (Hermans et al. 2017, arXiv 1703.07737, section 2).

    In every round each person comes up: all people in random order, P at a time. Where the last batch is not full, the
    first people of this round come up a second time, with pictures drawn anew. From a person with more than K pictures
    K different ones are drawn, of as many cameras as possible, because the same person under two cameras is what is
    to be learned; a person with fewer repeats some of their own. An epoch has as many rounds as an average person has K
    pictures, so that it shows about as many pictures as there are.

    The batches depend on (seed, epoch) alone: every process, and every resumed run, draws the same ones. With several
    processes each gets its own whole people of every batch; their parts one after the other are the batch that a
    single process would have got. Hand it to `DataLoader(batch_sampler=…)`, and do not let accelerate share it again.

    Args:
        people: (n,) who is on each picture: any numbers, or names.
        batch_size: P·K pictures of a step, over all processes together.
        per_person: K.
        cameras: (n,) of each picture; None where unknown.
        seed: of the draws.
        rank: which of the processes this is, from 0.
        world: how many processes there are.
        epoch: which epoch comes next, from 0; see `set_epoch`.
        start_batch: how many batches of it are already done.

    Raises:
        UserError: batches that cannot be made from these people, or not be shared by these processes.
        ValueError: people and cameras differ in number, or a rank or a start that does not exist.
    """

    def __init__(
        self,
        people: Sequence[int] | np.ndarray,
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
        if cameras is not None and len(cameras) != len(people):
            raise ValueError(f"{len(people)} people but {len(cameras)} cameras")
        if not 0 <= rank < world:
            raise ValueError(f"rank {rank} of {world} processes")
        names, of_picture = np.unique(np.asarray(people), return_inverse=True)
        check_batches(len(names), batch_size, per_person, world)
        self.batch_size, self.per_person = batch_size, per_person
        self.seed, self.rank, self.world = seed, rank, world
        by_person = np.argsort(of_picture, kind="stable")
        self._pictures = np.split(by_person, np.cumsum(np.bincount(of_picture))[:-1])  # rows of each person
        self._cameras = np.zeros(len(of_picture), int) if cameras is None else np.asarray(cameras)
        self.set_epoch(epoch, start_batch)

    @property
    def people_per_batch(self) -> int:
        """P, over all processes together."""
        return self.batch_size // self.per_person

    @property
    def rounds(self) -> int:
        """How often each person comes up in an epoch, at least."""
        return max(1, round(len(self._cameras) / (len(self._pictures) * self.per_person)))

    @property
    def batches_per_epoch(self) -> int:
        """Batches of a whole epoch, wherever this one starts."""
        return self.rounds * -(-len(self._pictures) // self.people_per_batch)

    def set_epoch(self, epoch: int, start_batch: int = 0) -> None:
        """Say which epoch comes next, and how many of its batches are already done. Call it before every epoch."""
        if epoch < 0 or not 0 <= start_batch <= self.batches_per_epoch:
            raise ValueError(f"batch {start_batch} of epoch {epoch}, which has {self.batches_per_epoch}")
        self.epoch, self.start_batch = epoch, start_batch

    def __len__(self) -> int:
        """Batches that are still to come in this epoch."""
        return self.batches_per_epoch - self.start_batch

    def __iter__(self) -> Iterator[list[int]]:
        """Rows of the pictures of each batch still to come, this process's share, person after person."""
        rng = np.random.default_rng([self.seed, self.epoch])
        size, people = self.people_per_batch, []
        for _ in range(self.rounds):
            order = rng.permutation(len(self._pictures))
            people += [order, order[: -len(order) % size]]  # full batches; P ≤ people, so nobody twice in one
        drawn = np.stack(
            [self._draw(self._pictures[person], rng) for person in np.concatenate(people)]
        )  # (batches·P, K)
        batches = drawn.reshape(self.batches_per_epoch, self.world, -1)  # (batches, processes, share)
        return iter(batches[self.start_batch :, self.rank].tolist())

    def _draw(self, pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """K of a person's pictures: (K,) rows."""
        shuffled = rng.permutation(pictures)
        # The first picture of every camera, then the second of every camera, …
        _, camera = np.unique(self._cameras[shuffled], return_inverse=True)
        by_camera = np.argsort(camera, kind="stable")
        turn = np.empty(len(camera), int)
        turn[by_camera] = np.concatenate([np.arange(count) for count in np.bincount(camera)])
        return np.resize(shuffled[np.argsort(turn, kind="stable")], self.per_person)  # too few: round and round


def check_batches(people: int, batch_size: int, per_person: int, world: int = 1) -> None:
    """Refuse batches that cannot be made, with what to set instead.

    Args:
        people: how many there are to learn from.
        batch_size: pictures of a step, over all processes.
        per_person: pictures of each person in it (`num_instances`).
        world: how many processes share it.

    Raises:
        UserError: when such batches cannot be made, or not be shared.
    """
    if people < 2:
        who = "one person alone" if people else "no pictures of people"
        raise UserError(f"cannot learn from {who}: telling people apart takes at least 2")
    if per_person < 1:
        raise UserError(f"num_instances {per_person}: set it to 1 or more pictures of each person in a batch")
    if batch_size % per_person:
        below = batch_size // per_person * per_person
        nearest = f"{below} or {below + per_person}" if below >= 2 * per_person else f"{2 * per_person}"
        raise UserError(
            f"batch_size {batch_size} is not a multiple of num_instances {per_person}: set batch_size to {nearest}"
        )
    size = batch_size // per_person
    if size < 2:
        raise UserError(
            f"batch_size {batch_size} holds fewer than 2 persons of {per_person} pictures (num_instances): "
            f"set batch_size to {2 * per_person} or more"
        )
    if size > people:
        raise UserError(
            f"batch_size {batch_size} with num_instances {per_person} takes {size} persons, but there are {people}: "
            f"set batch_size to {people * per_person} or less"
        )
    if size % world:
        below, above = size // world * world * per_person, (size // world + 1) * world * per_person
        raise UserError(
            f"{world} processes cannot share the {size} persons of a batch evenly: set batch_size to "
            + (f"{below} or {above}" if below else f"{above}")
        )
