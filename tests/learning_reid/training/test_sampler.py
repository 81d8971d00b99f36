"""Batches of P persons × K images: every person is drawn, and every process draws the same batches."""

import subprocess
import sys
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from learning_reid.errors import UserError
from learning_reid.training.sampler import IdentityBatchSampler

PEOPLE = np.repeat([50, 7, 8, 3, 21, 6, 90], [9, 1, 2, 4, 5, 30, 3])  # 7 persons, 54 images
CAMERAS = np.arange(len(PEOPLE)) % 3


def sampler(people=PEOPLE, batch_size=12, per_person=4, **options):
    return IdentityBatchSampler(people, batch_size, per_person, **options)


def rows_by_person(batch, per_person=4):
    return [batch[start : start + per_person] for start in range(0, len(batch), per_person)]


@st.composite
def shapes(draw):
    """Draw the images of each person, P, K and the number of processes."""
    counts = draw(st.lists(st.integers(1, 9), min_size=2, max_size=14))
    world = draw(st.integers(1, 3))
    size = world * draw(st.integers(1, 14))
    size = min(size, len(counts) // world * world)
    if size < 2:
        world, size = 1, 2
    return counts, size, draw(st.integers(1, 5)), world


@given(shapes(), st.integers(0, 5), st.integers(0, 3), st.booleans())
def test_the_invariants_hold_for_every_shape(shape, seed, epoch, with_cameras):
    counts, size, per_person, world = shape
    people = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    cameras = np.arange(len(people)) % 3 if with_cameras else None
    options = {"cameras": cameras, "seed": seed, "epoch": epoch}
    whole = sampler(people, size * per_person, per_person, **options)
    batches = list(whole)
    assert whole.passes == max(1, round(np.mean(counts) / per_person))
    assert len(batches) == len(whole) == whole.batches_per_epoch == whole.passes * -(-len(counts) // size)
    for batch in batches:
        assert len(batch) == size * per_person and all(type(row) is int for row in batch)
        seen = []
        for rows in rows_by_person(batch, per_person):
            (person,) = set(people[rows])
            seen.append(person)
            assert len(set(rows)) == min(per_person, counts[person])
            if cameras is not None:
                theirs = len(set(cameras[people == person]))
                assert len(set(cameras[rows])) == min(per_person, theirs)
        assert len(set(seen)) == size  # no person twice in a batch
    assert set(people[list(chain(*batches))]) == set(range(len(counts)))  # every person in an epoch
    shares = [
        list(sampler(people, size * per_person, per_person, rank=rank, world=world, **options)) for rank in range(world)
    ]
    assert [list(chain(*parts)) for parts in zip(*shares, strict=True)] == batches
    assert len({len(batch) for share in shares for batch in share}) == 1


def test_the_last_batch_of_a_pass_is_filled_with_its_first_persons():
    batches = [[PEOPLE[rows[0]] for rows in rows_by_person(batch)] for batch in sampler(epoch=2)]
    order = list(chain(*batches))
    assert sampler().passes == 2 and len(order) == 18
    for one in (order[:9], order[9:]):
        assert len(set(one[:7])) == 7 and one[7:] == one[:2]


def test_an_epoch_contains_about_as_many_images_as_the_dataset():
    people = np.repeat(np.arange(160), 12)
    shown = sum(map(len, sampler(people, 64, 4)))
    assert len(people) <= shown <= 1.1 * len(people)


def test_a_person_with_few_images_repeats_them_evenly():
    for batch in sampler(epoch=1):
        for rows in rows_by_person(batch):
            counts = np.unique(rows, return_counts=True)[1]
            assert counts.max() - counts.min() <= 1


def test_epochs_draw_other_persons_and_other_images():
    batches = sampler()
    epochs = []
    for epoch in range(30):
        batches.set_epoch(epoch)
        epochs.append(list(batches))
    assert len({str(epoch) for epoch in epochs}) == 30
    assert set(chain(*chain(*epochs))) == set(range(len(PEOPLE)))  # every image is drawn at some time


def test_all_images_of_a_person_are_equally_likely():
    people = np.repeat([0, 1], 8)
    drawn = np.zeros(16)
    for epoch in range(500):
        for batch in sampler(people, 8, 4, cameras=[0, 1] * 8, epoch=epoch):
            drawn[batch] += 1
    assert np.abs(drawn / 500 - 1).max() < 0.1  # two passes with four of eight


def test_images_of_different_cameras_are_preferred():
    people, cameras = np.repeat([0, 1], 20), np.array([0] * 17 + [1, 1, 2] + [5] * 20)
    for epoch in range(20):
        for batch in sampler(people, 8, 4, cameras=cameras, epoch=epoch):
            of_first = [cameras[row] for row in batch if people[row] == 0]
            assert set(of_first) == {0, 1, 2} and len({row for row in batch if people[row] == 0}) == 4


def test_batches_depend_on_seed_and_epoch_alone():
    again = sampler(seed=3)
    list(again)  # iterating changes nothing
    again.set_epoch(4)
    assert list(again) == list(again) == list(sampler(seed=3, epoch=4))
    assert list(sampler(seed=3)) != list(sampler(seed=4)) != list(sampler(seed=3, epoch=1))
    assert list(sampler(seed=0, epoch=1)) != list(sampler(seed=1, epoch=0))


@pytest.mark.slow
def test_another_process_draws_the_same(repository):
    code = (
        "from learning_reid.training.sampler import IdentityBatchSampler as S\n"
        "print(list(S([9, 9, 9, 4, 4, 4, 1], 4, 2, cameras=[0, 1, 1, 0, 0, 1, 0], seed=5, epoch=6)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    here = list(sampler([9, 9, 9, 4, 4, 4, 1], 4, 2, cameras=[0, 1, 1, 0, 0, 1, 0], seed=5, epoch=6))
    assert done.stdout.strip() == str(here)


def test_a_resumed_epoch_continues_where_it_stopped():
    whole = list(sampler(epoch=3))
    for done in range(7):
        rest = sampler(epoch=3, start_batch=done)
        assert list(rest) == whole[done:] and len(rest) == 6 - done
    rest.set_epoch(4)  # the next epoch is whole again
    assert list(rest) == list(sampler(epoch=4)) and len(rest) == 6


def test_a_loader_reads_only_the_remaining_batches():
    read = []

    class Images:
        def __len__(self):
            return len(PEOPLE)

        def __getitem__(self, row):
            read.append(row)
            return row

    loader = DataLoader(Images(), batch_sampler=sampler(start_batch=1))
    assert [batch.tolist() for batch in loader] == list(sampler())[1:]
    assert len(loader) == 5 and len(read) == 60


def test_persons_may_have_names():
    names = np.array(["anna", "bert", "cara"])[np.arange(12) % 3]
    assert list(sampler(names, 4, 2)) == list(sampler(np.arange(12) % 3, 4, 2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"people": []}, "cannot train on no images: telling people apart takes at least 2 persons"),
        ({"people": [5, 5, 5]}, "cannot train on one person: telling people apart takes at least 2 persons"),
        ({"per_person": 0}, "num_instances 0: set it to 1 or more images of each person in a batch"),
        ({"per_person": 5}, "batch_size 12 is not a multiple of num_instances 5: set batch_size to 10 or 15"),
        ({"batch_size": 3}, "batch_size 3 is not a multiple of num_instances 4: set batch_size to 8"),
        ({"batch_size": 4}, "batch_size 4 has fewer than 2 persons of 4 images (num_instances): set batch_size to 8 or more"),
        ({"batch_size": 0}, "batch_size 0 has fewer than 2 persons of 4 images (num_instances): set batch_size to 8 or more"),
        ({"batch_size": -8}, "batch_size -8 has fewer than 2 persons of 4 images (num_instances): set batch_size to 8 or more"),
        ({"batch_size": 32}, "batch_size 32 with num_instances 4 takes 8 persons, but there are 7: set batch_size to 28 or less"),
        ({"world": 2}, "2 processes cannot share the 3 persons of a batch evenly: set batch_size to 8 or 16"),
        ({"world": 4}, "4 processes cannot share the 3 persons of a batch evenly: set batch_size to 16"),
    ],
)  # fmt: skip
def test_an_impossible_batch_size_is_refused_with_a_possible_one(options, message):
    with pytest.raises(UserError) as error:
        sampler(**options)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "options", [{"cameras": [1, 2]}, {"rank": 3, "world": 3}, {"rank": -1}, {"epoch": -1}, {"start_batch": 7}]
)
def test_invalid_arguments_raise_value_error(options):
    with pytest.raises(ValueError):
        sampler(**options)
