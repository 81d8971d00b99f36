"""The cards of published weights: `cards.yml`, checked against a schema, one record for each set of weights."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from learning_reid.zoo.checksums import sha256_of
from learning_reid.zoo.sources import DownloadSource

CARDS_FILE = Path(__file__).with_name("cards.yml")
MIRROR = "https://huggingface.co/kaiyangzhou/osnet/resolve/main/"
DRIVE = "https://drive.google.com/uc?id="
IMAGENET, COMBINED = "imagenet", "_combineall"

Percent = Annotated[float, Field(ge=0, le=100)]
Distance = Literal["euclidean", "cosine"]
Task = Literal["imagenet", "same-domain", "cross-domain", "multi-source"]


class Record(BaseModel):
    """Part of a card: unknown keys are refused, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Result(Record):
    """How well a set of weights finds the people of one test set, as published; percent."""

    tested_on: str
    rank1: Percent
    rank5: Percent | None = None
    rank10: Percent | None = None
    map: Percent


class Architecture(Record):
    """What a network costs, as published: parameters in millions, multiply-adds in billions for one picture."""

    params_m: float | None = Field(None, gt=0)
    gflops: float | None = Field(None, gt=0)


class Recipe(Record):
    """How a group of weights was trained and is to be used; empty where nothing is published."""

    augmentation: tuple[str, ...] = ()
    loss: str | None = None
    distance: Distance | None = None
    input: tuple[int, int] | None = None  # height, width
    from_scratch: bool = False


class _Entry(Record):
    recipe: str
    drive: str = Field(pattern=r"^[\w-]{20,60}$")
    hugging_face: str | None = Field(None, pattern=r"^[\w.]+\.(pth|pth\.tar)$")
    bytes: int | None = Field(None, gt=0)
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    results: tuple[Result, ...] = ()


class _File(Record):
    architectures: dict[str, Architecture]
    recipes: dict[str, Recipe]
    weights: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_+]+$")], _Entry]


class Card(Record):
    """One set of published weights.

    Attributes:
        key: MODEL.TRAINED_ON, as settings and commands name it.
        urls: where it is published, tried in this order.
        bytes, sha256: of the file; None where nobody publishes them.
        results: what was measured with it; none for ImageNet weights.
    """

    key: str
    published: Architecture
    recipe: Recipe
    urls: tuple[str, ...]
    bytes: int | None
    sha256: str | None
    results: tuple[Result, ...]

    @property
    def architecture(self) -> str:
        """The network, such as `osnet_x1_0`."""
        return self.key.partition(".")[0]

    @property
    def trained_on(self) -> str:
        """The key's second half, such as `msmt17+dukemtmcreid+cuhk03`."""
        return self.key.partition(".")[2]

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets that were trained on."""
        return tuple(name.removesuffix(COMBINED) for name in self.trained_on.split("+"))

    @property
    def licence(self) -> str:
        """On what terms."""
        if self.trained_on == IMAGENET:
            return "MIT; ImageNet is for research"
        return "MIT; the data " + ("sets are" if len(self.datasets) > 1 else "set is") + " for research only"

    @property
    def source(self) -> DownloadSource:
        """Where `fetch` gets the file, and where it puts it."""
        about = f"torchreid's {self.architecture}, trained on {' + '.join(self.datasets)}; {self.licence}"
        return DownloadSource(self.key, about, f"weights/{self.key}.pth", self.urls, bytes=self.bytes, sha256=self.sha256)

    def task_of(self, result: Result | None) -> Task:
        """What a result shows: people of the same cameras, of other cameras, or after learning from several sets."""
        if result is None:
            return "imagenet"
        if len(self.datasets) > 1:
            return "multi-source"
        return "same-domain" if self.datasets == (result.tested_on,) else "cross-domain"

    @property
    def rows(self) -> list[tuple[Task, Result | None]]:
        """The published results; one empty row where there is none."""
        return [(self.task_of(result), result) for result in self.results or (None,)]


def load_cards(file: Path = CARDS_FILE) -> dict[str, Card]:
    """All cards by key, in the file's order.

    Raises:
        pydantic.ValidationError: the file does not keep to the schema.
    """
    content = _File.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    return {
        key: Card(
            key=key,
            published=content.architectures[key.partition(".")[0]],
            recipe=content.recipes[entry.recipe],
            urls=((MIRROR + entry.hugging_face,) if entry.hugging_face else ()) + (DRIVE + entry.drive,),
            bytes=entry.bytes,
            sha256=entry.sha256,
            results=entry.results,
        )
        for key, entry in content.weights.items()
    }


@lru_cache(maxsize=1)
def all_cards() -> dict[str, Card]:
    """The cards of the zoo, read once."""
    return load_cards()


def find_card(name: str, weights: str) -> Card | None:
    """The card of the weights that a setting names: by key, by the file's name, or by the file's checksum.

    Args:
        name: the network, as in `embedder.name`.
        weights: as in `embedder.weights`: a file, or what it was trained on.
    """
    cards = all_cards()
    file = Path(weights).expanduser()
    for key in (f"{name}.{weights}", file.name.removesuffix(".pth")):
        if key in cards:
            return cards[key]
    if not file.is_file():
        return None
    known = {card.sha256: card for card in cards.values() if card.sha256}
    return known.get(sha256_of(file))
