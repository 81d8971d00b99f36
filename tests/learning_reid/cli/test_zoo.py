"""`zoo` and `export`: what they print, and one line for each problem."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from learning_reid.cli import _zoo_compare
from learning_reid.cli._zoo_compare import published_accuracy
from learning_reid.cli._zoo_text import billions, format_zoo_page
from learning_reid.cli.entry_point import app
from learning_reid.embedding.benchmark import Speed
from learning_reid.errors import UserError
from learning_reid.zoo import fetch as fetch_module
from learning_reid.zoo.cards import all_cards
from tests.learning_reid.cli.run_cli import run_command
from tests.learning_reid.embedding.conftest import benchmark_in_this_process, randomized  # noqa: F401


def test_list_by_pattern_task_and_dataset() -> None:
    assert run_command("zoo", "list").count("\n") == 75
    several = run_command("zoo", "list", "ain", "--task", "multi-source", "--tested-on", "market1501").splitlines()
    assert len(several) == 3 and "73.3 | 45.8 |   cosine" in several[-1]
    assert run_command("zoo", "list", "--trained-on", "cuhk03").count("multi-source") == 9
    assert run_command("zoo", "list", "resnet50").count("combineall") == 2, "two results of one set of weights"


def test_a_card_shows_results_and_notes() -> None:
    printed = run_command("zoo", "show", "osnet_ain_x1_0.msmt17+dukemtmcreid+cuhk03")
    for part in (
        "2.2 million (published: 2.2 million)",
        "0.98 billion",
        "cosine",
        "73.3",
        "withdrawn",
        "huggingface.co",
    ):
        assert part in printed
    assert "close to useless" in run_command("zoo", "show", "osnet_x1_0.imagenet")


def test_fetch_downloads_checks_and_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from learning_reid.models.osnet import build_osnet
    from learning_reid.zoo.sources import DownloadSource

    state = randomized(build_osnet("osnet_x0_25", num_classes=1041).state_dict())
    torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in state.items()}}, tmp_path / "net.pth")

    def place(_: str, file: Path, size: int | None) -> Path:
        return (tmp_path / "net.pth").rename(file.with_name("arrived"))

    monkeypatch.setattr(fetch_module, "download_file", place)
    card = all_cards()["osnet_x0_25.market1501"]
    monkeypatch.setattr(
        fetch_module,
        "published_sources",
        lambda: {card.key: DownloadSource(card.key, "", "weights/net.pth", card.urls)},
    )
    monkeypatch.setattr(
        fetch_module.fetch_published, "__kwdefaults__", {"root": tmp_path, "sources": None, "wait": True}
    )
    printed = run_command("zoo", "fetch", "osnet_x0_25.market1501")
    assert "backbone 565 of 565 tensors, classifier dropped (1041 identities)" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["zoo", "show", "osnet_x025.msmt17"], "did you mean 'osnet_x0_25.msmt17'"),
        (["zoo", "fetch", "nonsense"], "no card 'nonsense'"),
        (["zoo", "list", "osnet", "--tested-on", "market"], "did you mean 'market1501'?"),
        (["zoo", "list", "resnet50", "--task", "multi-source"], "no published result matches"),
        (["export", "--int8"], "--calibration DIR"),
        (["export", "--calibration", "."], "give --int8 too"),
        (["export", "--gate", "1"], "give --verify too"),
        (["export", "--out", "net.bin"], "ends in .onnx"),
        (["export", "--out", "nowhere/net.onnx"], "cannot be written there"),
        (["export", "--embedder", "oznet_x0_25"], "osnet_x0_25"),
        (["export", "--int8", "--calibration", "nowhere"], "is not a folder"),
    ],
)
def test_a_problem_is_reported_in_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        run_command(*arguments)
    assert message in str(error.value) and str(error.value).count("\n") <= 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_images_to_calibrate_on(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="contains no images"):
        run_command("export", "--int8", "--calibration", tmp_path / "empty", "--out", tmp_path / "net.onnx")
    Image.fromarray(np.zeros((20, 10, 3), np.uint8)).save(tmp_path / "empty" / "one.png")
    with pytest.raises(UserError, match="1 images are too few"):
        run_command("export", "--int8", "--calibration", tmp_path / "empty", "--out", tmp_path / "net.onnx")


@pytest.mark.slow
def test_an_export_is_reported_with_its_size_and_parity(tmp_path: Path) -> None:
    printed = run_command("export", "--out", tmp_path / "net.onnx", "--verify")
    assert "net.onnx" in printed and "largest difference by batch  1:" in printed and (tmp_path / "net.onnx").is_file()


@pytest.mark.slow
def test_the_page_in_docs_is_up_to_date(repository: Path) -> None:
    run_command("zoo", "table", "--check")
    page = (repository / "docs/model_zoo.md").read_text(encoding="utf-8")
    assert page.count("\n| `") == 73 + 16 + 10 and "| `hacnn`" in page
    assert format_zoo_page([], {}) != page and billions(2_669_000_000) == "2.7"


@pytest.mark.slow
@pytest.mark.usefixtures("benchmark_in_this_process")
def test_models_are_compared_with_published_and_measured_accuracy(generated_market: Path) -> None:
    quick = ("--backend", "torch", "--crops", "2", "--repeats", "1")
    printed = run_command("zoo", "compare", "osnet_x0_25", "--weights", "embedded", "--root", generated_market, *quick)
    rows = {line.split()[1]: line for line in printed.splitlines() if line.startswith("| ")}
    assert "91.2 / 75.0 (market1501 → market1501)" in rows["osnet_x0_25"] and "torch, images/s" in printed
    measured = float(rows["embedded"].split("|")[-2].split("/")[0])
    assert 20 < measured <= 100


def measured(name: str, backend: str, weights: str | None, crops: int, repeats: int) -> Speed:
    """Stands in for `benchmark_backend`; one network crashes, another cannot be loaded."""
    if name == "mlfn":
        raise RuntimeError("out of memory\nat 0x7f")
    if name == "osnet_x0_5":
        raise UserError("osnet_x0_5 cannot be measured")
    if name == "osnet_x0_75":
        raise KeyboardInterrupt
    return Speed(100, 200)


def test_comparison_keeps_its_results_although_a_network_fails_or_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_zoo_compare, "benchmark_backend", measured)
    names = ("mlfn", "osnet_x0_25", "osnet_x0_5", "osnet_x0_75", "osnet_x1_0")
    done = CliRunner().invoke(app, ["zoo", "compare", *names, "--backend", "torch"])
    rows = {line.split()[1]: line for line in done.stdout.splitlines() if line.startswith("| ")}
    assert list(rows) == ["model", "mlfn", "osnet_x0_25", "osnet_x0_5"]
    assert " 100 " in rows["osnet_x0_25"] and " 100 " not in rows["mlfn"] + rows["osnet_x0_5"]
    assert "note: mlfn on torch: out of memory\n" in done.stderr
    assert "note: osnet_x0_5 on torch: osnet_x0_5 cannot be measured\n" in done.stderr


def test_accuracy_that_cannot_be_measured_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, generated_market: Path
) -> None:
    def fail(*_: object) -> None:
        raise UserError("no accuracy today")

    monkeypatch.setattr(_zoo_compare, "benchmark_backend", measured)
    monkeypatch.setattr(_zoo_compare, "measured_accuracy", fail)
    printed = run_command("zoo", "compare", "--weights", "embedded", "--root", generated_market, "--backend", "torch")
    assert " 100 " in printed.splitlines()[-1]


def test_an_exported_file_is_measured_without_the_size_of_another_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_zoo_compare, "benchmark_backend", measured)
    (tmp_path / "net.onnx").write_bytes(b"graph")
    printed = run_command("zoo", "compare", "--weights", tmp_path / "net.onnx", "--backend", "onnx")
    assert "net.onnx" in printed and "parameters" not in printed and "published" not in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--protocol", "market1510"), "market1501"),
        (("--backend", "onxx"), "onnx"),
        (("--root", "ONE_CAMERA"), "no query has a true match"),
    ],
)
def test_everything_is_checked_before_a_measurement(
    options: tuple[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in (1, 2):
        for image in (1, 2):
            Image.new("RGB", (16, 32)).save(tmp_path / f"{person:04d}_c1s1_00000{image}_00.jpg")
    monkeypatch.setattr(_zoo_compare, "benchmark_backend", lambda *_: pytest.fail("measured"))
    value = tmp_path if options[1] == "ONE_CAMERA" else options[1]
    with pytest.raises(UserError, match=message):
        run_command("zoo", "compare", "--weights", "embedded", options[0], value)


def test_published_accuracy_on_market1501_names_the_training_data() -> None:
    found = {name: published_accuracy(name) for name in ("osnet_ain_x1_0", "resnet50", "shufflenet")}
    assert str(found["osnet_ain_x1_0"]) == "73.3 / 45.8 (msmt17+dukemtmcreid+cuhk03 → market1501)"
    assert str(found["resnet50"]) == "87.9 / 70.4 (market1501 → market1501)" and found["shufflenet"] is None


def test_wrong_options_of_compare(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="name them with --weights"):
        run_command("zoo", "compare", "--root", tmp_path)
    with pytest.raises(UserError, match="did you mean 'osnet_x0_25'"):
        run_command("zoo", "compare", "oznet_x0_25")
