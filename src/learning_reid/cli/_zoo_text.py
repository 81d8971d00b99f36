"""The model zoo in words: a line for each published result, a card in full, and the page docs/model_zoo.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from learning_reid.io.markdown import markdown_table
from learning_reid.models.registry import input_size
from learning_reid.zoo.advice import notes_on_weights
from learning_reid.zoo.cards import IMAGENET, Architecture, Card, Result, Task

if TYPE_CHECKING:
    from learning_reid.models.complexity import Complexity  # imports torch

_TASKS: dict[Task, str] = {
    "same-domain": "## Trained and tested on one data set\n\n"
    "The test people are others than the training people, but the cameras are the same. How the network does before "
    "*your* cameras these figures do not say.",
    "cross-domain": "## Trained on one data set, tested on another\n\n"
    "The same networks before cameras that they have not seen: mAP falls to less than half.",
    "multi-source": "## Trained on three data sets, tested on a fourth\n\n"
    "Several sources teach more of what differs between cameras. Of all published weights these are the ones to begin "
    "with on footage of your own.",
    "imagenet": "## Trained on ImageNet\n\n"
    "Where training begins. These files tell dogs from cars and were never shown which pictures are of one person; "
    "torchreid fetches them for `pretrained=True`. Do not rank people with them.",
}
_DASH = "–"


def format_results(cards: Iterable[tuple[Card, Task, Result | None]]) -> str:
    """A table with a row for each published result."""
    rows = [
        [card.key, task, result.tested_on, _figure(result.rank1), _figure(result.map), card.recipe.distance or _DASH]
        if result
        else [card.key, task, _DASH, _DASH, _DASH, _DASH]
        for card, task, result in cards
    ]
    return markdown_table(["weights", "task", "tested on", "rank-1", "mAP", "distance"], rows)


def format_card(card: Card, cost: Complexity, place: str) -> str:
    """One card in full.

    Args:
        card: the card.
        cost: measured, of its network.
        place: what to say of the file on this disk.
    """
    recipe, size = card.recipe, input_size(card.architecture)
    facts = [
        ("network", card.architecture),
        ("trained on", " + ".join(card.datasets) + (" (all pictures)" if "combineall" in card.trained_on else "")),
        ("parameters", f"{millions(cost.parameters)} million{_published(card.published.params_m, 'million')}"),
        ("multiply-adds", f"{billions(cost.multiply_adds)} billion{_published(card.published.gflops, 'billion')}"),
        ("input", "{}×{} RGB".format(*(recipe.input or size))),
        ("augmentation", ", ".join(recipe.augmentation).replace("_", " ") or _DASH),
        ("loss", recipe.loss or _DASH),
        ("distance", recipe.distance or _DASH),
        ("licence", card.licence),
        ("bytes", f"{card.bytes:,}" if card.bytes else "not published"),
        ("sha256", card.sha256 or "not published: the first download is recorded"),
        ("from", card.urls[0]),
        *(("or", url) for url in card.urls[1:]),
        ("here", place),
    ]
    lines = [card.key, *(f"  {name:<14}{value}" for name, value in facts)]
    if card.results:
        rows = [[r.tested_on, *map(_figure, (r.rank1, r.rank5, r.rank10, r.map))] for r in card.results]
        lines += ["", markdown_table(["tested on", "rank-1", "rank-5", "rank-10", "mAP"], rows)]
    lines += ["", *(f"note: {note}" for note in notes_on_weights(card)), *how_to_use(card)]
    return "\n".join(lines)


def how_to_use(card: Card) -> list[str]:
    """The lines of a settings file that choose these weights."""
    return ["In the settings:", "  embedder:", f"    name: {card.architecture}", f"    weights: {card.trained_on}"]


def format_zoo_page(cards: Sequence[Card], costs: Mapping[str, Complexity]) -> str:
    """The page docs/model_zoo.md.

    Args:
        cards: all of them.
        costs: measured, for each architecture.
    """
    parts = [_HEAD.format(results=sum(len(card.rows) for card in cards), weights=len(cards))]
    for task, words in _TASKS.items():
        chosen = [(card, result) for card in cards for its, result in card.rows if its == task]
        parts += [words, _results(chosen) if task != IMAGENET else _files(chosen)]
    published = {card.architecture: card.published for card in cards}
    parts += [_COST, _costs(published, costs), _FOOT]
    return "\n\n".join(parts) + "\n"


def millions(count: int) -> str:
    """A count in millions, as the zoo rounds it.

    >>> millions(2_170_000)
    '2.2'
    """
    return f"{count / 1e6:.1f}"


def billions(count: int) -> str:
    """A count in billions, to two digits after the point below one, as the zoo rounds it.

    >>> billions(979_000_000), billions(2_669_000_000)
    ('0.98', '2.7')
    """
    return f"{count / 1e9:.2f}" if count < 1e9 else f"{count / 1e9:.1f}"


def _results(rows: Sequence[tuple[Card, Result | None]]) -> str:
    header = ["weights", "tested on", "rank-1", "rank-5", "rank-10", "mAP", "distance", "augmentation", "file"]
    table = [
        [
            f"`{card.key}`",
            result.tested_on,
            *map(_figure, (result.rank1, result.rank5, result.rank10, result.map)),
            card.recipe.distance or _DASH,
            ", ".join(card.recipe.augmentation).replace("_", " "),
            _links(card),
        ]
        for card, result in rows
        if result is not None
    ]
    return markdown_table(header, table)


def _files(rows: Sequence[tuple[Card, Result | None]]) -> str:
    return markdown_table(["weights", "file"], [[f"`{card.key}`", _links(card)] for card, _ in rows])


def _links(card: Card) -> str:
    return " ".join(f"[{'Hugging Face' if 'huggingface' in url else 'Drive'}]({url})" for url in card.urls)


def _costs(published: Mapping[str, Architecture], costs: Mapping[str, Complexity]) -> str:
    header = ["network", "input", "parameters", "counted at each use", "published", "multiply-adds", "published "]
    rows = []
    for name, cost in costs.items():
        told = published[name]
        rows.append([
            f"`{name}`", "{}×{}".format(*input_size(name)),
            millions(cost.parameters), millions(cost.parameters_in_use), _number(told.params_m),
            billions(cost.multiply_adds), _number(told.gflops),
        ])  # fmt: skip
    return markdown_table(header, rows)


def _figure(value: float | None) -> str:
    return _DASH if value is None else f"{value:.1f}"


def _number(value: float | None) -> str:
    return _DASH if value is None else f"{value:g}"


def _published(value: float | None, unit: str) -> str:
    return "" if value is None else f" (published: {value:g} {unit})"


_HEAD = """\
# The model zoo

Written by `python src/main.py zoo table`; do not edit it by hand.

[torchreid's zoo](https://kaiyangzhou.github.io/deep-person-reid/MODEL_ZOO) of published weights (MIT licence), as
cards that this project can find, check and use: {results} results of {weights} sets of weights. A key reads
`NETWORK.TRAINED_ON`; `combineall` means that all pictures of the set were trained on, its test part too. Figures are
percent, as published; nothing on this page was measured here but the last table.

    python src/main.py zoo list osnet_ain            # by a part of the key, --task, --trained-on, --tested-on
    python src/main.py zoo show osnet_x0_25.msmt17   # one card, with what to know before using it
    python src/main.py zoo fetch osnet_x0_25.msmt17  # download, check, load once

In a settings file the network and its weights are two words:

```yaml
embedder:
  name: osnet_ain_x1_0
  weights: msmt17+dukemtmcreid+cuhk03   # trained on these; downloaded once
```

The data sets show real people and are for research. DukeMTMC-reID was withdrawn by its authors in 2019; weights that
learned from it remain in the table as history."""

_COST = """\
## What each network costs

Measured here for one picture, beside the published figures: parameters in millions without the classifier,
multiply-adds in billions. The published counts take a layer once for each use; only hacnn, which reads four
regions with the same layers, shows it."""

_FOOT = """\
How fast they are on your machine, and how much memory they take, `python src/main.py zoo compare` measures; see
[models.md](models.md)."""
