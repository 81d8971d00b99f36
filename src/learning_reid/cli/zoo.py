"""List, show, fetch and compare published weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from learning_reid.cli import _options as options
from learning_reid.cli.commands import OPTIONS
from learning_reid.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from learning_reid.zoo.cards import Card
    from learning_reid.zoo.detector_cards import DetectorCard

app = typer.Typer(**OPTIONS, no_args_is_help=True, help="Published weights: list, show, fetch and compare them.")

Key = Annotated[str, typer.Argument(help="MODEL.TRAINED_ON, or a detector; `zoo list` lists them.")]


@app.command("list")
def list_cards(
    pattern: Annotated[str, typer.Argument(help="Part of the key.", show_default="all")] = "",
    task: Annotated[
        Literal["imagenet", "same-domain", "cross-domain", "multi-source"] | None,
        typer.Option(help="Relation of training and test data.", show_default="any"),
    ] = None,
    trained_on: Annotated[str | None, typer.Option(help="Training dataset.", show_default="any")] = None,
    tested_on: Annotated[str | None, typer.Option(help="Test dataset.", show_default="any")] = None,
    detectors: Annotated[bool, typer.Option("--detectors", help="List person detectors instead.")] = False,
) -> None:
    """List the published results, in percent; results of the same task and test dataset are comparable."""
    from learning_reid.cli._zoo_text import format_detectors, format_results
    from learning_reid.zoo.cards import all_cards
    from learning_reid.zoo.detector_cards import all_detectors

    if detectors:
        if task or trained_on or tested_on:
            raise UserError(
                "--task, --trained-on and --tested-on are about ReID models; leave them out with --detectors"
            )
        print(format_detectors(_matching(pattern, all_detectors())))
        return
    cards = all_cards()
    _check_dataset(trained_on, {name for card in cards.values() for name in card.datasets})
    _check_dataset(tested_on, {result.tested_on for card in cards.values() for result in card.results})
    rows = [
        (card, card_task, result)
        for card in cards.values()
        if pattern in card.key and (trained_on is None or trained_on in card.datasets)
        for card_task, result in card.rows
        if task in (None, card_task) and (tested_on is None or (result is not None and result.tested_on == tested_on))
    ]
    if not rows:
        raise UserError(f"no published result matches; {did_you_mean(pattern, cards)}")
    print(format_results(rows))


@app.command()
def show(key: Key) -> None:
    """Show one card: the model, its results, and what to know before using it."""
    card = _card(key)
    from learning_reid.cli._zoo_text import format_card, format_detector_card
    from learning_reid.io.paths import home
    from learning_reid.zoo.cards import Card

    file = home() / card.source.target
    local_file = str(file) if file.is_file() else "not yet: zoo fetch"
    if isinstance(card, Card):
        from learning_reid.models.complexity import complexity_of

        print(format_card(card, complexity_of(card.architecture), local_file))
    else:
        print(format_detector_card(card, local_file))


@app.command()
def fetch(
    keys: Annotated[list[str], typer.Argument(help="MODEL.TRAINED_ON, or detectors; one or more.")],
) -> None:
    """Download weights, verify their checksum, and check that they load."""
    cards = [_card(key) for key in keys]
    from learning_reid.detection.registry import create_detector
    from learning_reid.models.registry import create_model
    from learning_reid.models.state_dict import load_weights
    from learning_reid.zoo.cards import Card
    from learning_reid.zoo.fetch import fetch_published

    for card in cards:
        if isinstance(card, Card):
            file = fetch_published(card.key, wait=False)
            print(file)
            print(load_weights(create_model(card.architecture), file))
        else:
            if card.urls:  # not embedded
                fetch_published(card.name, wait=False)
            print(create_detector(card.detector, card.name).weights)
            print(f"loaded; use it with detector.weights={card.name}")


@app.command()
def table(
    check: Annotated[bool, typer.Option("--check", help="Only report whether the page is up to date.")] = False,
) -> None:
    """Write docs/model_zoo.md: all published results, and the size and cost of each model."""
    from learning_reid.cli._zoo_text import format_zoo_page
    from learning_reid.io.paths import docs_folder
    from learning_reid.models.complexity import complexity_of
    from learning_reid.zoo.cards import all_cards
    from learning_reid.zoo.detector_cards import all_detectors

    file = docs_folder() / "model_zoo.md"
    cards = list(all_cards().values())
    costs = {name: complexity_of(name) for name in dict.fromkeys(card.architecture for card in cards)}
    page = format_zoo_page(cards, costs, list(all_detectors().values()))
    if not check:
        file.write_text(page, encoding="utf-8")
        print(f"wrote {file}")
    elif not file.is_file() or file.read_text(encoding="utf-8") != page:
        raise UserError(f"{file} is not up to date; run: python src/main.py zoo table")


@app.command()
def compare(
    networks: Annotated[list[str] | None, typer.Argument(help="Model names.", show_default="those of the zoo")] = None,
    backend: Annotated[
        list[str] | None, typer.Option(help="Inference library; repeatable.", show_default="torch, onnx, openvino")
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="Also measure `embedded`, a key, or NAME=FILE; repeatable."),
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Labeled crops to evaluate --weights on.")] = None,
    protocol: options.ProtocolOption = "market1501",
    crops: Annotated[int, typer.Option(min=1, help="Number of random images to time.")] = 64,
    repeats: Annotated[int, typer.Option(min=1, help="Number of runs; the median is reported.")] = 3,
) -> None:
    """Measure the speed and memory of models on this machine, beside their published accuracy.

    Each measurement runs in its own process; all sixteen models on three backends take about ten minutes. What fails is
    reported, and Ctrl-C keeps what was measured.
    """
    if root is not None and not weights:
        raise UserError("--root is for evaluating weights: name them with --weights")
    from learning_reid.cli._zoo_compare import check_comparison, measure_models, model_table
    from learning_reid.embedding.model_choice import parse_models
    from learning_reid.zoo.cards import all_cards

    backends = list(dict.fromkeys(backend or ("torch", "onnx", "openvino")))
    check_comparison(networks or [], backends, root, protocol)
    models = parse_models(weights) if weights else []
    all_names = list(dict.fromkeys(card.architecture for card in all_cards().values()))
    rows = []
    try:
        for row in measure_models(
            networks or ([] if models else all_names), models, backends, root, protocol, crops, repeats
        ):
            rows.append(row)
    finally:  # also after Ctrl-C
        if rows:
            print(model_table(rows))


def _card(key: str) -> "Card | DetectorCard":
    from learning_reid.zoo.cards import all_cards
    from learning_reid.zoo.detector_cards import all_detectors

    cards: dict[str, Card | DetectorCard] = {**all_detectors(), **all_cards()}
    if key not in cards:
        raise UserError(f"no card {key!r}; {did_you_mean(key, cards)}")
    return cards[key]


def _matching(pattern: str, detectors: "dict[str, DetectorCard]") -> "list[DetectorCard]":
    found = [card for name, card in detectors.items() if pattern in name]
    if not found:
        raise UserError(f"no detector matches; {did_you_mean(pattern, detectors)}")
    return found


def _check_dataset(name: str | None, known: set[str]) -> None:
    if name is not None and name not in known:
        raise UserError(f"no card has the dataset {name!r}: {did_you_mean(name, sorted(known))}")
