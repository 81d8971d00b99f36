"""Published weights: list, look at, fetch and compare them."""

from pathlib import Path
from typing import Annotated

import typer

from learning_reid.errors import UserError, did_you_mean
from learning_reid.io.paths import docs_folder, home
from learning_reid.zoo.cards import Card, Result, Task, all_cards

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    help="Published weights: list, look at, fetch and compare them.",
)

Key = Annotated[str, typer.Argument(help="NETWORK.TRAINED_ON, as `zoo list` names it.")]


@app.command("list")
def list_cards(
    pattern: Annotated[str, typer.Argument(help="A part of the key.", show_default="all")] = "",
    task: Annotated[Task | None, typer.Option(help="What the result shows.", show_default="any")] = None,
    trained_on: Annotated[str | None, typer.Option(help="A data set.", show_default="any")] = None,
    tested_on: Annotated[str | None, typer.Option(help="A data set.", show_default="any")] = None,
) -> None:
    """List the published results, percent; those of one task and test set are comparable."""
    from learning_reid.visualization.model_zoo import listing

    _check_dataset(trained_on, {name for card in all_cards().values() for name in card.datasets})
    _check_dataset(tested_on, {result.tested_on for card in all_cards().values() for result in card.results})
    rows: list[tuple[Card, Task, Result | None]] = [
        (card, its, result)
        for card in all_cards().values()
        if pattern in card.key and (trained_on is None or trained_on in card.datasets)
        for its, result in card.rows
        if task in (None, its) and (tested_on is None or (result is not None and result.tested_on == tested_on))
    ]
    if not rows:
        raise UserError(f"no published result fits; {did_you_mean(pattern, all_cards())}")
    print(listing(rows))


@app.command()
def show(key: Key) -> None:
    """Show one card: what it is, its figures, what to know before using it."""
    from learning_reid.models.complexity import complexity_of
    from learning_reid.visualization.model_zoo import card_text

    card = _card(key)
    file = home() / card.source.target
    print(card_text(card, complexity_of(card.architecture), str(file) if file.is_file() else "not yet: zoo fetch"))


@app.command()
def fetch(keys: Annotated[list[str], typer.Argument(help="NETWORK.TRAINED_ON, one or more.")]) -> None:
    """Download weights, compare their checksum, and load them once: are they what the card says?"""
    from learning_reid.models.state_dict import load_weights
    from learning_reid.models.registry import create_model
    from learning_reid.zoo.fetch import fetch_published

    for card in [_card(key) for key in keys]:  # a wrong name is told before the first download
        file = fetch_published(card.key)
        print(file)
        print(load_weights(create_model(card.architecture), file))


@app.command()
def table(
    check: Annotated[bool, typer.Option("--check", help="Only say whether the page is up to date.")] = False,
) -> None:
    """Write docs/model_zoo.md: all published results, and what each network costs."""
    from learning_reid.models.complexity import complexity_of
    from learning_reid.visualization.model_zoo import zoo_page

    page_file = docs_folder() / "model_zoo.md"
    cards = list(all_cards().values())
    page = zoo_page(cards, {name: complexity_of(name) for name in dict.fromkeys(card.architecture for card in cards)})
    if check:
        if not page_file.is_file() or page_file.read_text(encoding="utf-8") != page:
            raise UserError(f"{page_file} is not up to date; run: python src/main.py zoo table")
        return
    page_file.write_text(page, encoding="utf-8")
    print(f"wrote {page_file}")


@app.command()
def compare(
    networks: Annotated[list[str] | None, typer.Argument(help="Networks.", show_default="those of the zoo")] = None,
    backend: Annotated[
        list[str] | None, typer.Option(help="May be given many times.", show_default="torch, onnx, openvino")
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL", help="`embedded`, a key, or NAME=FILE: also measure these; may be given many times."
        ),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Labelled crops to measure --weights on.", show_default=False)
    ] = None,
    crops: Annotated[int, typer.Option(min=1, help="Random pictures that are timed.")] = 64,
    repeats: Annotated[int, typer.Option(min=1, help="How often; the median counts.")] = 3,
) -> None:
    """Measure speed and memory of networks on this machine, beside their published accuracy: which one when?

    Each measurement runs in a process of its own; all sixteen networks on three backends take about ten minutes.
    """
    from learning_reid.cli._guide import guide_rows
    from learning_reid.embedding.model_choice import parse_models
    from learning_reid.visualization.model_guide import model_guide

    if root is not None and not weights:
        raise UserError("--root is for measuring weights: name them with --weights")
    named = parse_models(weights) if weights else []
    chosen = networks or ([] if named else list(dict.fromkeys(card.architecture for card in all_cards().values())))
    backends = list(dict.fromkeys(backend or ("torch", "onnx", "openvino")))
    print(model_guide(guide_rows(chosen, named, backends, root, crops, repeats)))


def _card(key: str) -> Card:
    if key not in all_cards():
        raise UserError(f"no card {key!r}; {did_you_mean(key, all_cards())}")
    return all_cards()[key]


def _check_dataset(name: str | None, known: set[str]) -> None:
    if name is not None and name not in known:
        raise UserError(f"no card knows the data set {name!r}: {did_you_mean(name, sorted(known))}")
