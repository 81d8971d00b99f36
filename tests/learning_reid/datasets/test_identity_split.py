"""Splitting samples by identity."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_reid.datasets.identity_split import split_by_identity
from learning_reid.datasets.sample import Sample
from learning_reid.errors import UserError


def sample(person: str | None, name: str = "") -> Sample:
    return Sample(Path(name or f"{person}.jpg"), person, "1")


PEOPLE = st.lists(st.sampled_from([*"abcdefgh", None]), min_size=1, max_size=40)


@given(people=PEOPLE, share=st.floats(0.01, 0.99), seed=st.integers(0, 5), data=st.data())
def test_no_identity_is_in_both_groups(people: list, share: float, seed: int, data: st.DataObject) -> None:
    samples = [sample(person, name=f"{number}") for number, person in enumerate(people)]
    known = set(people) - {None}
    if len(known) < 2:
        with pytest.raises(UserError, match="two or more are needed"):
            split_by_identity(samples, share, seed)
        return
    first, second = split_by_identity(samples, share, seed)
    identities = [{one.person_id for one in side} for side in (first, second)]
    assert not identities[0] & identities[1] and identities[0] | identities[1] == set(people)
    assert None not in identities[0] and identities[0] and identities[1] - {None}
    assert abs(len(identities[0]) - share * len(known)) <= 1
    assert sorted(first + second, key=lambda one: int(one.path.name)) == samples
    again = split_by_identity(data.draw(st.permutations(samples)), share, seed)
    assert [{one.person_id for one in side} for side in again] == identities


def test_another_seed_gives_another_split() -> None:
    samples = [sample(str(number)) for number in range(50)]
    assert (
        split_by_identity(samples, 0.5, 1) == split_by_identity(samples, 0.5, 1) != split_by_identity(samples, 0.5, 2)
    )


@pytest.mark.parametrize("share", [0, 1, -0.5, 1.5, float("nan")])
def test_invalid_share(share: float) -> None:
    with pytest.raises(UserError, match="the share of identities is"):
        split_by_identity([sample("1"), sample("2")], share, 0)
