"""Cards of published weights: `cards.yml`, validated against a schema, one record per weights file."""

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
    """Part of a card: immutable, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Result(Record):
    """Published results on one test dataset, in percent."""

    tested_on: str
    rank1: Percent
    rank5: Percent | None = None
    rank10: Percent | None = None
    map: Percent


class Architecture(Record):
    """Published cost of a model: parameters in millions, multiply-adds per crop in billions."""

    params_m: float | None = Field(None, gt=0)
    gflops: float | None = Field(None, gt=0)


class Recipe(Record):
    """Training and use of several weights; empty if nothing is published."""

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
    """Published weights.

    Attributes:
        key: MODEL.TRAINED_ON, their name in settings and commands.
        urls: Addresses, tried in this order.
        bytes, sha256: Size and checksum of the file; None if not published.
        results: Published results; none for ImageNet weights.
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
        """The model, such as `osnet_x1_0`."""
        return self.key.partition(".")[0]

    @property
    def trained_on(self) -> str:
        """The key's second half, such as `msmt17+dukemtmcreid+cuhk03`."""
        return self.key.partition(".")[2]

    @property
    def datasets(self) -> tuple[str, ...]:
        """The training datasets."""
        return tuple(name.removesuffix(COMBINED) for name in self.trained_on.split("+"))

    @property
    def licence(self) -> str:
        """The licence of the weights and of their training data."""
        if self.trained_on == IMAGENET:
            return "MIT; ImageNet is for research"
        return "MIT; the " + ("datasets are" if len(self.datasets) > 1 else "dataset is") + " for research only"

    @property
    def source(self) -> DownloadSource:
        """The source that `fetch_published` downloads."""
        about = f"torchreid's {self.architecture}, trained on {' + '.join(self.datasets)}; {self.licence}"
        return DownloadSource(
            self.key, about, f"weights/{self.key}.pth", self.urls, bytes=self.bytes, sha256=self.sha256
        )

    def task_of(self, result: Result | None) -> Task:
        """Classify a result: same cameras as in training, other cameras, or training on several datasets."""
        if result is None:
            return "imagenet"
        if len(self.datasets) > 1:
            return "multi-source"
        return "same-domain" if self.datasets == (result.tested_on,) else "cross-domain"

    @property
    def rows(self) -> list[tuple[Task, Result | None]]:
        """The published results with their tasks; one empty row if there is none."""
        return [(self.task_of(result), result) for result in self.results or (None,)]


def load_cards(file: Path = CARDS_FILE) -> dict[str, Card]:
    """Read all cards by key, in the order of the file; raise a ValidationError if it violates the schema."""
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
    """Return the cards of the zoo, read once."""
    return load_cards()


def find_card(name: str, weights: str) -> Card | None:
    """Find the card of the weights in a setting: by key, by file name, or by checksum.

    Args:
        name: The model, as in `embedder.name`.
        weights: A file or the training datasets, as in `embedder.weights`.
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
