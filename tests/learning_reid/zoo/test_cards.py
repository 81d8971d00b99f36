"""The cards: equal to the published table, valid, and found by name, file and checksum."""

import csv
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from learning_reid.models.registry import list_models
from learning_reid.zoo.cards import CARDS_FILE, Card, Result, all_cards, find_card, load_cards
from learning_reid.zoo.checksums import sha256_of

PUBLISHED = Path(__file__).with_name("published.csv")


def row_of(card: Card, task: str, result: Result | None) -> dict[str, str]:
    """A card's result in the columns of the published table."""
    row = dict.fromkeys(published()[0], "")
    row |= {"task": task, "model": card.architecture, "trained_on": card.trained_on, "from_scratch": "0"}
    row["url"] = card.urls[-1].replace("uc?id=", "file/d/")
    if result is None:
        return row
    recipe, cost = card.recipe, card.published
    figures = {name: getattr(result, name) for name in ("rank1", "rank5", "rank10", "map")}
    row |= {name: "" if value is None else f"{value:.1f}" for name, value in figures.items()}
    row |= {"params_m": f"{cost.params_m}", "gflops": f"{cost.gflops}", "loss": str(recipe.loss)}
    height, width = recipe.input or (0, 0)
    row |= {"input": f"{height}x{width}", "transforms": "+".join(recipe.augmentation), "distance": str(recipe.distance)}
    return row | {"tested_on": result.tested_on, "from_scratch": str(int(recipe.from_scratch))}


def published() -> list[dict[str, str]]:
    with PUBLISHED.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_results_equal_the_published_table() -> None:
    rows = [row_of(card, task, result) for card in all_cards().values() for task, result in card.rows]

    def order(row: dict[str, str]) -> tuple[str, ...]:
        return row["model"], row["trained_on"], row["tested_on"]

    assert sorted(rows, key=order) == sorted(published(), key=order)
    assert len(rows) == 73 and len(all_cards()) == 66


def test_every_card_has_a_registered_model_and_valid_addresses() -> None:
    for card in all_cards().values():
        assert card.architecture in list_models()
        assert card.urls[-1].startswith("https://drive.google.com/uc?id=")
        assert all(url.startswith("https://huggingface.co/kaiyangzhou/osnet/resolve/main/") for url in card.urls[:-1])
        assert card.source.target == f"weights/{card.key}.pth"
        assert " " not in "".join(card.urls)
    assert len({card.urls[-1] for card in all_cards().values()}) == 66


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"drive": "no"}, "drive"),
        ({"sha256": "abc"}, "sha256"),
        ({"results": [{"tested_on": "market1501", "rank1": 173.0, "map": 1.0}]}, "rank1"),
        ({"mirror": "x"}, "mirror"),
        ({"hugging_face": "../other.pth"}, "hugging_face"),
    ],
)
def test_invalid_card_raises(tmp_path: Path, change: dict[str, object], field: str) -> None:
    content = yaml.safe_load(CARDS_FILE.read_text())
    content["weights"]["osnet_x0_25.msmt17"] |= change
    (tmp_path / "cards.yml").write_text(yaml.safe_dump(content))
    with pytest.raises(ValidationError, match=field):
        load_cards(tmp_path / "cards.yml")


def test_key_gives_the_training_datasets() -> None:
    card = all_cards()["osnet_ain_x1_0.msmt17+dukemtmcreid+cuhk03"]
    assert card.datasets == ("msmt17", "dukemtmcreid", "cuhk03") and card.rows[0][0] == "multi-source"
    assert all_cards()["osnet_x1_0.msmt17_combineall"].datasets == ("msmt17",)
    assert "cuhk03" in card.source.about and "research" in card.licence


def test_card_is_found_by_key_and_by_file_name(tmp_path: Path) -> None:
    card = find_card("osnet_x0_25", "msmt17")
    assert card is not None and card.key == "osnet_x0_25.msmt17"
    assert find_card("osnet_x0_25", "weights/osnet_x0_25.msmt17.pth") == card
    (tmp_path / "mine.pth").write_bytes(b"others")
    assert find_card("osnet_x0_25", str(tmp_path / "mine.pth")) is None
    assert find_card("osnet_x0_25", "embedded") is None


def test_card_is_found_by_checksum(real_data: Path) -> None:
    file = real_data / "weights/osnet_x0_25_msmt17.pth"
    card = find_card("osnet_x0_25", str(file))
    assert card is not None and card.key == "osnet_x0_25.msmt17" and sha256_of(file) == card.sha256
