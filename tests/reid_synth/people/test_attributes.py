"""Attributes in words."""

from dataclasses import replace

import numpy as np

from reid_synth.people.attributes import attributes_of, color_name
from reid_synth.people.person import change_clothes, sample_person


def test_keys_are_constant_and_values_not_empty():
    tables = [attributes_of(sample_person(np.random.default_rng(seed))) for seed in range(100)]
    assert len({tuple(table) for table in tables}) == 1
    assert all(value for table in tables for value in table.values())
    assert sum(len({table[key] for table in tables}) > 1 for key in tables[0]) == len(tables[0])


def test_words_describe_the_clothes():
    person = sample_person(np.random.default_rng(1))
    top = replace(person.top, kind="coat", color=(250.0, 20.0, 20.0), length=1.0)
    words = attributes_of(replace(person, top=top, bag="backpack", bag_color=(20.0, 20.0, 24.0), carried="none"))
    assert words["top"] == "red coat" and words["bag"] == "black backpack" and words["carried"] == "none"
    assert words["sleeves"] == "long" and words["bag_side"] == "none"


def test_other_clothes_keep_the_body():
    rng = np.random.default_rng(4)
    for _ in range(20):
        person = sample_person(rng)
        before, after = attributes_of(person), attributes_of(change_clothes(person, rng))
        assert [before[key] for key in ("height", "build", "skin", "hair")] == [
            after[key] for key in ("height", "build", "skin", "hair")
        ]
        assert before != after


def test_color_names():
    assert [color_name(rgb) for rgb in ((5, 5, 5), (240, 240, 240), (40, 80, 200))] == ["black", "white", "blue"]
