"""Tables of a synthetic crop dataset: labels from file names, attributes from people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from reid_synth.people.attributes import attributes_of
from reid_synth.people.person import Person

_SPLITS = {"bounding_box_train": "train", "query": "query", "bounding_box_test": "gallery"}


def labels_table(names: Iterable[str]) -> bytes:
    """Format `labels.csv`, `img_path,person_id,camera_id,split`: a row for each crop except junk.

    Distractors have an empty person_id.

    Args:
        names: Paths in the layout of Market-1501.

    >>> print(labels_table(["query/0002_c1s1_000451_01.jpg", "bounding_box_test/0000_c3s1_000007_01.jpg"]).decode())
    img_path,person_id,camera_id,split
    query/0002_c1s1_000451_01.jpg,0002,1,query
    bounding_box_test/0000_c3s1_000007_01.jpg,,3,gallery
    <BLANKLINE>
    """
    rows = []
    for name in names:
        folder, _, file = name.partition("/")
        person, camera = file.split("_")[:2]
        if person != "-1":
            rows.append((name, "" if person == "0000" else person, camera[1:].partition("s")[0], _SPLITS[folder]))
    return _table(("img_path", "person_id", "camera_id", "split"), rows)


def attributes_table(people: Sequence[Person], changed: Mapping[int, Person]) -> bytes:
    """Format `attributes.csv`: a row for each person with id, attributes, and `changed_KEY` columns.

    A `changed_KEY` column has the attribute after a change of clothes; it exists only for attributes that differ.

    Args:
        people: The people in order; the first has number 1.
        changed: People in changed clothes, by index in `people`.
    """
    first = [attributes_of(person) for person in people]
    keys = list(first[0])
    later = {index: attributes_of(person) for index, person in changed.items()}
    differing = [key for key in keys if any(new[key] != first[index][key] for index, new in later.items())]
    rows = [
        (f"{index + 1:04d}", *attributes.values(), *(later[index][key] if index in later else "" for key in differing))
        for index, attributes in enumerate(first)
    ]
    return _table(("person_id", *keys, *(f"changed_{key}" for key in differing)), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)
    return text.getvalue().encode()
