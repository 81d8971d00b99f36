"""Text of the model zoo: the table of published results, one card in full, and the page docs/model_zoo.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

from learning_reid.io.markdown import markdown_table
from learning_reid.models.registry import input_size
from learning_reid.zoo.advice import notes_on_weights
from learning_reid.zoo.cards import IMAGENET, Architecture, Card, Result, Task
from learning_reid.zoo.detector_cards import DetectorCard

if TYPE_CHECKING:
    from learning_reid.models.complexity import Complexity  # imports torch

_PAGE = Path(__file__).with_name("zoo_page.template")
_DASH = "–"


def format_results(cards: Iterable[tuple[Card, Task, Result | None]]) -> str:
    """Format a table with a row for each published result."""
    rows = [
        [card.key, task, result.tested_on, _figure(result.rank1), _figure(result.map), card.recipe.distance or _DASH]
        if result
        else [card.key, task, _DASH, _DASH, _DASH, _DASH]
        for card, task, result in cards
    ]
    return markdown_table(["weights", "task", "tested on", "rank-1", "mAP", "distance"], rows)


def format_card(card: Card, cost: Complexity, local_file: str) -> str:
    """Format one card in full; `local_file` is the path of the download, or a note that it is missing."""
    recipe, size = card.recipe, input_size(card.architecture)
    facts = [
        ("model", card.architecture),
        ("trained on", " + ".join(card.datasets) + (" (all images)" if "combineall" in card.trained_on else "")),
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
        ("here", local_file),
    ]
    lines = [card.key, *(f"  {name:<14}{value}" for name, value in facts)]
    if card.results:
        rows = [[r.tested_on, *map(_figure, (r.rank1, r.rank5, r.rank10, r.map))] for r in card.results]
        lines += ["", markdown_table(["tested on", "rank-1", "rank-5", "rank-10", "mAP"], rows)]
    lines += ["", *(f"note: {note}" for note in notes_on_weights(card))]
    lines += ["In the settings:", "  embedder:", f"    name: {card.architecture}", f"    weights: {card.trained_on}"]
    return "\n".join(lines)


def format_detectors(cards: Iterable[DetectorCard], linked: bool = False) -> str:
    """Format a table of detectors; `linked` adds links to the files."""
    header = ["weights", "detector.name", "AP on COCO", "parameters", "multiply-adds", "input", "MB", "licence"]
    rows = [
        [
            f"`{card.name}`" if linked else card.name,
            card.detector,
            _figure(card.ap),
            _number(card.params_m),
            _number(card.gflops),
            card.input,
            _megabytes(card),
            card.licence.partition(";")[0],
            *([f"[{urlsplit(card.urls[0]).hostname}]({card.urls[0]})" if card.urls else "in the repository"] * linked),
        ]
        for card in cards
    ]
    return markdown_table(header + ["file"] * linked, rows)


def format_detector_card(card: DetectorCard, local_file: str) -> str:
    """Format one detector in full; `local_file` is the path of the file, or a note that it is missing."""
    facts = [
        ("network", card.about),
        ("parameters", _DASH if card.params_m is None else f"{card.params_m:g} million"),
        ("multiply-adds", _DASH if card.gflops is None else f"{card.gflops:g} billion"),
        ("input", card.input),
        ("AP on COCO", _DASH if card.ap is None else f"{card.ap:g} % (all classes, as published)"),
        ("licence", card.licence),
        ("megabytes", _megabytes(card)),
        ("sha256", card.sha256 or "not published: the first download is recorded"),
        *([("numbers from", card.page)] if card.page else []),
        *(("from", url) for url in card.urls),
        ("here", local_file),
    ]
    lines = [card.name, *(f"  {name:<14}{value}" for name, value in facts), "", "In the settings:", "  detector:"]
    return "\n".join([*lines, f"    name: {card.detector}", f"    weights: {card.name}"])


def format_zoo_page(
    cards: Sequence[Card], costs: Mapping[str, Complexity], detectors: Sequence[DetectorCard] = ()
) -> str:
    """Format the page docs/model_zoo.md from all cards and the measured costs by model name."""
    tables = {}
    for task in get_args(Task):
        chosen = [(card, result) for card in cards for card_task, result in card.rows if card_task == task]
        tables[task] = _results(chosen) if task != IMAGENET else _files(chosen)
    return _PAGE.read_text(encoding="utf-8").format(
        results=sum(len(card.rows) for card in cards),
        weights=len(cards),
        tables=tables,
        detectors=format_detectors(detectors, linked=True),
        costs=_costs({card.architecture: card.published for card in cards}, costs),
    )


def millions(count: int) -> str:
    """Format a count in millions, rounded as in the zoo.

    >>> millions(2_170_000)
    '2.2'
    """
    return f"{count / 1e6:.1f}"


def billions(count: int) -> str:
    """Format a count in billions, rounded as in the zoo.

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
    header = ["model", "input", "parameters", "counted at each use", "published", "multiply-adds", "published "]
    rows = []
    for name, cost in costs.items():
        authors = published[name]
        rows.append([
            f"`{name}`", "{}×{}".format(*input_size(name)),
            millions(cost.parameters), millions(cost.parameters_in_use), _number(authors.params_m),
            billions(cost.multiply_adds), _number(authors.gflops),
        ])  # fmt: skip
    return markdown_table(header, rows)


def _figure(value: float | None) -> str:
    return _DASH if value is None else f"{value:.1f}"


def _number(value: float | None) -> str:
    return _DASH if value is None else f"{value:g}"


def _megabytes(card: DetectorCard) -> str:
    size = card.bytes / 1e6 if card.bytes else card.megabytes
    return _DASH if size is None else f"{size:.1f}"


def _published(value: float | None, unit: str) -> str:
    return "" if value is None else f" (published: {value:g} {unit})"
