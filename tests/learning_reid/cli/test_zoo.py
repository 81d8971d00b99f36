"""`zoo` and `export` from outside: what a reader sees, and one clear line about what is wrong."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.cli import zoo
from learning_reid.cli._guide import published_accuracy
from learning_reid.errors import UserError
from learning_reid.cli._zoo_text import billions, format_zoo_page
from learning_reid.zoo import fetch as fetch_module
from learning_reid.zoo.cards import all_cards
from tests.learning_reid.embedding.conftest import lively
from tests.learning_reid.cli.run_cli import run_command as run


def test_list_by_pattern_task_and_data_set() -> None:
    assert run("zoo", "list").count("\n") == 75
    several = run("zoo", "list", "ain", "--task", "multi-source", "--tested-on", "market1501").splitlines()
    assert len(several) == 3 and "73.3 | 45.8 |   cosine" in several[-1]
    assert run("zoo", "list", "--trained-on", "cuhk03").count("multi-source") == 9
    assert run("zoo", "list", "resnet50").count("combineall") == 2, "two results of one set of weights"


def test_a_card_tells_what_to_know() -> None:
    told = run("zoo", "show", "osnet_ain_x1_0.msmt17+dukemtmcreid+cuhk03")
    for part in (
        "2.2 million (published: 2.2 million)",
        "0.98 billion",
        "cosine",
        "73.3",
        "withdrawn",
        "huggingface.co",
    ):
        assert part in told
    assert "close to useless" in run("zoo", "show", "osnet_x1_0.imagenet")


def test_fetch_downloads_checks_and_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from learning_reid.models.osnet import build_osnet
    from learning_reid.zoo.sources import DownloadSource

    state = lively(build_osnet("osnet_x0_25", num_classes=1041).state_dict())
    torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in state.items()}}, tmp_path / "net.pth")

    def place(url: str, file: Path) -> Path:
        return (tmp_path / "net.pth").rename(file.with_name("arrived"))

    monkeypatch.setattr(fetch_module, "download_file", place)
    card = all_cards()["osnet_x0_25.market1501"]
    monkeypatch.setattr(
        fetch_module, "published_sources", lambda: {card.key: DownloadSource(card.key, "", "weights/net.pth", card.urls)}
    )
    monkeypatch.setattr(fetch_module.fetch_published, "__kwdefaults__", {"root": tmp_path, "sources": None})
    told = run("zoo", "fetch", "osnet_x0_25.market1501")
    assert "backbone 565 of 565 tensors, classifier dropped (1041 identities)" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["zoo", "show", "osnet_x025.msmt17"], "did you mean 'osnet_x0_25.msmt17'"),
        (["zoo", "fetch", "nonsense"], "no card 'nonsense'"),
        (["zoo", "list", "osnet", "--tested-on", "market"], "did you mean 'market1501'?"),
        (["zoo", "list", "resnet50", "--task", "multi-source"], "no published result fits"),
        (["export", "--int8"], "--calibration DIR"),
        (["export", "--calibration", "."], "give --int8 too"),
        (["export", "--gate", "1"], "give --verify too"),
        (["export", "--out", "net.bin"], "ends in .onnx"),
        (["export", "--out", "nowhere/net.onnx"], "cannot be written there"),
        (["export", "--embedder", "oznet_x0_25"], "osnet_x0_25"),
        (["export", "--int8", "--calibration", "nowhere"], "is no folder"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as problem:
        run(*arguments)
    assert told in str(problem.value) and str(problem.value).count("\n") <= 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_pictures_to_calibrate_on(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no pictures"):
        run("export", "--int8", "--calibration", tmp_path / "empty", "--out", tmp_path / "net.onnx")
    Image.fromarray(np.zeros((20, 10, 3), np.uint8)).save(tmp_path / "empty" / "one.png")
    with pytest.raises(UserError, match="1 pictures are too few"):
        run("export", "--int8", "--calibration", tmp_path / "empty", "--out", tmp_path / "net.onnx")


def test_an_export_is_told_with_its_size_and_parity(tmp_path: Path) -> None:
    told = run("export", "--out", tmp_path / "net.onnx", "--verify")
    assert "net.onnx" in told and "largest difference by batch  1:" in told and (tmp_path / "net.onnx").is_file()


def test_the_page_is_the_one_that_is_shown() -> None:
    run("zoo", "table", "--check")
    page = zoo.PAGE.read_text(encoding="utf-8")
    assert page.count("\n| `") == 73 + 16 and "| `hacnn`" in page
    assert format_zoo_page([], {}) != page and billions(2_669_000_000) == "2.7"


def test_networks_are_compared_with_what_is_published_and_what_is_measured(generated_market: Path) -> None:
    quick = ("--backend", "torch", "--crops", "2", "--repeats", "1")
    told = run("zoo", "compare", "osnet_x0_25", "--weights", "embedded", "--root", generated_market, *quick)
    rows = {line.split()[1]: line for line in told.splitlines() if line.startswith("| ")}
    assert "91.2 / 75.0 (market1501 → market1501)" in rows["osnet_x0_25"] and "torch, images/s" in told
    measured = float(rows["embedded"].split("|")[-2].split("/")[0])
    assert 20 < measured <= 100


def test_published_accuracy_is_of_market1501_and_says_what_was_learned_from() -> None:
    found = {name: published_accuracy(name) for name in ("osnet_ain_x1_0", "resnet50", "shufflenet")}
    assert str(found["osnet_ain_x1_0"]) == "73.3 / 45.8 (msmt17+dukemtmcreid+cuhk03 → market1501)"
    assert str(found["resnet50"]) == "87.9 / 70.4 (market1501 → market1501)" and found["shufflenet"] is None


def test_a_root_without_weights_and_a_network_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="name them with --weights"):
        run("zoo", "compare", "--root", tmp_path)
    with pytest.raises(UserError, match="did you mean 'osnet_x0_25'"):
        run("zoo", "compare", "oznet_x0_25")
