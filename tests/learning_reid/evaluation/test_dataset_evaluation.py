"""`evaluate` from end to end, on generated people with the embedded network."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.errors import UserError
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import METRICS
from tests.learning_reid.cli.run_cli import run_command
from tests.learning_reid.datasets.dataset_files import write_images


@pytest.fixture(scope="module")
def folder(generated_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files that `evaluate` can write."""
    out = tmp_path_factory.mktemp("evaluation")
    printed = run_command(
        *("evaluate", "--root", generated_market, "--protocol", "all", "--verification", "--rerank"),
        *("--expand", "aqe", "--expand", "alpha-qe", "--json", out / "a.json", "--report", out / "report"),
        *("--save-features", out / "features.npz"),
    )
    (out / "printed.txt").write_text(printed, encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def values(folder: Path) -> dict:
    return json.loads((folder / "a.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_json_values(values: dict) -> None:
    for name in METRICS:
        assert 0 <= values[name] <= 1
        low, high = values["intervals_95"][name]
        assert low <= values[name] <= high
    assert (values["protocol"], values["queries"], values["queries_skipped"]) == ("market1501", 16, 0)
    assert values["gallery"] == 8 * 2 + 4  # without junk, with distractors
    assert set(values["tar_at_far"]) == {"0.1", "0.01", "0.001", "0.0001"}
    assert 0 <= values["eer"] <= 1 and values["eer_threshold"] > 0
    assert values["tar_at_far"]["0.0001"] is None  # 160 pairs cannot measure one in ten thousand
    assert [method["method"] for method in values["methods"]] == ["plain", "AQE", "αQE", "k-reciprocal"]
    assert values["method"] == "k-reciprocal" and values["map"] == values["methods"][-1]["map"]
    assert [one["protocol"] for one in values["protocols"]] == list(PROTOCOLS)
    assert len({one["fingerprint"] for one in values["protocols"]}) == len(PROTOCOLS)
    assert values["cmc"][0] == pytest.approx(values["rank1"])
    assert np.mean(values["per_query"]["map"]) == pytest.approx(values["map"], abs=1e-6)
    assert values["by_camera_pair"] and len(values["by_person"]) == 8


def test_all_metrics_are_printed_with_protocol_and_fingerprint(folder: Path, values: dict) -> None:
    printed = (folder / "printed.txt").read_text(encoding="utf-8")
    for one in values["protocols"]:
        row = next(line for line in printed.splitlines() if line.startswith(f"| {one['protocol']} "))
        assert one["fingerprint"] in row and f"{100 * one['map']:.1f}" in row
        assert one["definition"] in printed
    assert "mean of the precisions at the true matches" in printed


def test_report_files_are_written_and_not_empty(folder: Path) -> None:
    report = folder / "report"
    assert json.loads((report / "evaluation.json").read_text()) == json.loads((folder / "a.json").read_text())
    text = (report / "evaluation.md").read_text(encoding="utf-8")
    assert "hardest persons" in text and "query camera" in text
    for name in ("cmc.png", "roc.png", "ranked.png", "features.png"):
        pixels = np.asarray(Image.open(report / name).convert("RGB"))
        assert pixels.std() > 5 and min(pixels.shape[:2]) > 300
    assert not list(report.glob("*.part"))


def test_embeddings_from_a_file_give_the_same_metrics(generated_market: Path, folder: Path, values: dict) -> None:
    out = folder / "b.json"
    again = ("evaluate", "--root", generated_market, "--features", folder / "features.npz", "--json", out, "--rerank")
    run_command(*again)
    read = json.loads(out.read_text())
    assert {name: read[name] for name in (*METRICS, "fingerprint")} == {
        name: values[name] for name in (*METRICS, "fingerprint")
    }


def test_the_fingerprint_does_not_depend_on_the_folder_of_the_data(
    generated_market: Path, folder: Path, tmp_path: Path, values: dict
) -> None:
    shutil.copytree(generated_market, tmp_path / "elsewhere")
    features = ("--features", folder / "features.npz")
    for change, same in ((lambda: None, True), ((tmp_path / "elsewhere/query").glob("*.jpg").__next__().unlink, False)):
        change()
        run_command("evaluate", "--root", tmp_path / "elsewhere", *features, "--json", tmp_path / "c.json")
        assert (json.loads((tmp_path / "c.json").read_text())["fingerprint"] == values["fingerprint"]) == same


def test_two_models_are_compared_by_a_paired_test(generated_market: Path, folder: Path, tmp_path: Path) -> None:
    with np.load(folder / "features.npz") as arrays:
        noise = np.random.default_rng(0).standard_normal(arrays["features"].shape)
        np.savez(tmp_path / "worse.npz", img_path=arrays["img_path"], features=arrays["features"] + 0.3 * noise)
    root = ("evaluate", "--root", generated_market)
    run_command(*root, "--features", tmp_path / "worse.npz", "--json", tmp_path / "worse.json")
    printed = run_command(*root, "--features", folder / "features.npz", "--against", tmp_path / "worse.json")
    row = next(line for line in printed.splitlines() if line.startswith("| mAP") and "to" in line)
    assert float(row.split("|")[2]) > 0 and float(row.split("|")[4]) < 0.05
    with pytest.raises(UserError, match="cannot be compared"):
        run_command(
            *root,
            "--features",
            folder / "features.npz",
            "--protocol",
            "self-only",
            "--against",
            tmp_path / "worse.json",
        )
    with pytest.raises(UserError, match="is not a JSON file of `evaluate --json`"):
        run_command(*root, "--features", folder / "features.npz", "--against", folder / "printed.txt")


def test_one_camera_is_explained_and_single_camera_is_suggested(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{person:04d}_c1s1_00000{shot}_01.jpg" for person in (1, 2, 3) for shot in range(2)])
    with pytest.raises(UserError, match="--protocol single-camera") as error:
        run_command("evaluate", "--root", tmp_path, "--dataset", "folder")
    assert "0001, 0002, 0003" in str(error.value)
    assert "`single-camera`" in run_command("evaluate", "--root", tmp_path, "--protocol", "single-camera")


def test_persons_without_a_true_match_are_named(tmp_path: Path) -> None:
    names = ["query/0001_c1s1_000001_01.jpg", "query/0002_c1s1_000001_01.jpg", "query/0003_c1s1_000001_01.jpg"]
    write_images(
        tmp_path, [*names, "bounding_box_test/0002_c2s1_000001_01.jpg", "bounding_box_test/0009_c2s1_000001_01.jpg"]
    )
    write_images(tmp_path, ["bounding_box_train/0100_c1s1_000001_01.jpg"])
    run_command("evaluate", "--root", tmp_path, "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert (values["queries"], values["queries_skipped"]) == (1, 2)
    assert any("persons never found: 0001, 0003" in note for note in values["notes"])
    (tmp_path / "bounding_box_test/0002_c2s1_000001_01.jpg").unlink()
    with pytest.raises(UserError, match="no query has a valid match: of 3 identities"):
        run_command("evaluate", "--root", tmp_path)


def broken_features(folder: Path, kind: str) -> Path:
    """The embeddings of the fixture with one error."""
    file = folder / f"{kind}.npz"
    with np.load(folder / "features.npz") as arrays:
        paths, features = arrays["img_path"], arrays["features"].copy()
    if kind == "nan":
        features[3, 2] = np.nan
    elif kind == "zero":
        features[5] = 0
    elif kind == "missing":
        paths, features = paths[1:], features[1:]
    elif kind == "length":
        features = features[:-2]
    elif kind == "objects":
        paths = np.array([{"path": path} for path in paths], object)
    if kind == "text":
        file.write_text("no archive")
    elif kind != "none":
        np.savez(file, img_path=paths, features=features)
    return file


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nan", "embeddings of 1 of 36 images are not finite"),
        ("zero", "embeddings of 1 of 36 images are all zero"),
        ("missing", "no embeddings for 1 of 36 images, such as"),
        ("length", r"36 paths and embeddings of shape \(34, \d+\)"),
        ("objects", "is not an .npz file"),
        ("text", "is not an .npz file"),
        ("none", "no such file"),
    ],
)
def test_invalid_embeddings_are_refused(kind: str, message: str, folder: Path, generated_market: Path) -> None:
    with pytest.raises(UserError, match=message) as error:
        run_command("evaluate", "--root", generated_market, "--features", broken_features(folder, kind))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--protocol", "market1051"], "unknown protocol 'market1051': did you mean 'market1501'?"),
        (["--dataset", "market1502"], "did you mean 'market1501'"),
        (["--query-camera", "9"], "no camera '9'; its cameras are 1, 2"),
        (["--json", "/nowhere/a.json"], "cannot be written there"),
        (["--weights", "nowhere.pth"], "no weights file nowhere.pth"),
        (["--embedder", "osnet_x0_26"], "did you mean 'osnet_x0_25'"),
    ],
)
def test_wrong_options_are_reported_in_one_line(arguments: list[str], message: str, generated_market: Path) -> None:
    with pytest.raises(UserError) as error:
        run_command("evaluate", "--root", generated_market, *arguments)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_an_empty_image_is_reported_in_one_line(generated_market: Path, tmp_path: Path) -> None:
    shutil.copytree(generated_market, tmp_path / "copy")
    empty = sorted((tmp_path / "copy/bounding_box_test").glob("0005*.jpg"))[0]
    empty.write_bytes(b"")
    with pytest.raises(UserError, match=rf"{empty.name} cannot be read \(empty") as error:
        run_command("evaluate", "--root", tmp_path / "copy")
    assert "\n" not in str(error.value)


def test_a_root_that_is_a_file_or_missing_is_reported(generated_market: Path, tmp_path: Path) -> None:
    image = next((generated_market / "query").glob("*.jpg"))
    for root in (image, tmp_path / "missing"):
        with pytest.raises(UserError, match=root.name):
            run_command("evaluate", "--root", root, "--dataset", "market1501")


@pytest.mark.slow
def test_equal_embeddings_give_rank1_near_zero(generated_market: Path, folder: Path, tmp_path: Path) -> None:
    with np.load(folder / "features.npz") as arrays:
        np.savez(tmp_path / "same.npz", img_path=arrays["img_path"], features=np.ones((36, 4)))
    out = ("--report", tmp_path / "report", "--json", tmp_path / "a.json")
    run_command("evaluate", "--root", generated_market, "--features", tmp_path / "same.npz", "--raw", *out)
    assert json.loads((tmp_path / "a.json").read_text())["rank1"] < 0.2
    assert (tmp_path / "report/ranked.png").exists() and not (tmp_path / "report/features.png").exists()


@pytest.mark.slow
def test_files_of_an_earlier_evaluation_are_removed(generated_market: Path, folder: Path, tmp_path: Path) -> None:
    features = ("evaluate", "--root", generated_market, "--features", folder / "features.npz", "--report", tmp_path)
    run_command(*features, "--verification")
    assert (tmp_path / "roc.png").exists()
    run_command(*features)
    assert not (tmp_path / "roc.png").exists() and (tmp_path / "cmc.png").exists()


def test_a_model_does_not_differ_from_itself(generated_market: Path, folder: Path, tmp_path: Path) -> None:
    features = ("evaluate", "--root", generated_market, "--features", folder / "features.npz")
    run_command(*features, "--json", tmp_path / "a.json")
    printed = run_command(*features, "--against", tmp_path / "a.json")
    for name in ("rank-1", "mAP", "mINP"):
        row = next(line for line in printed.splitlines() if line.startswith(f"| {name} ") and "to" in line)
        assert row.split("|")[2].strip() == "+0.0" and float(row.split("|")[4]) == 1.0


@pytest.mark.parametrize("change", [{"map": [0.5]}, {"map": [None] * 16}, {"rank1": [[1]] * 16}, {"img_path": 3}])
def test_a_damaged_file_to_compare_with_is_reported_before_the_evaluation(
    change: dict, generated_market: Path, folder: Path, tmp_path: Path
) -> None:
    values = json.loads((folder / "a.json").read_text())
    values["per_query"] |= change
    (tmp_path / "bad.json").write_text(json.dumps(values))
    wanted = ("--features", folder / "features.npz", "--rerank", "--against", tmp_path / "bad.json")
    with pytest.raises(UserError, match="bad.json") as error:
        run_command("evaluate", "--root", generated_market, *wanted)
    assert "\n" not in str(error.value)


def test_row_order_of_a_csv_file_does_not_change_the_metrics(
    generated_market: Path, folder: Path, tmp_path: Path
) -> None:
    run_command(
        "data", "convert", "--dataset", "market1501", "--root", generated_market, "--out", generated_market / "t.csv"
    )
    header, *rows = (generated_market / "t.csv").read_text().splitlines()
    (generated_market / "t.csv").unlink()
    metrics = []
    for number, order in enumerate((rows, rows[::-1])):
        table = generated_market / f"order{number}.csv"
        table.write_text("\n".join([header, *order]))
        wanted = ("--protocol", "all", "--features", folder / "features.npz", "--json", tmp_path / "a.json")
        run_command("evaluate", "--root", table, "--dataset", "csv", *wanted)
        table.unlink()
        metrics.append(json.loads((tmp_path / "a.json").read_text())["protocols"])
    assert metrics[0] == metrics[1]


def test_kind_of_average_precision_is_part_of_the_fingerprint(
    generated_market: Path, folder: Path, tmp_path: Path
) -> None:
    fingerprints = set()
    for ap in ("precisions", "interpolated"):
        features = ("--features", folder / "features.npz", "--ap", ap, "--json", tmp_path / "a.json")
        run_command("evaluate", "--root", generated_market, *features)
        fingerprints.add(json.loads((tmp_path / "a.json").read_text())["fingerprint"])
    assert len(fingerprints) == 2


def test_with_one_person_only_verification_is_missing(tmp_path: Path) -> None:
    write_images(tmp_path, [f"0001_c{camera}s1_00000{shot}_01.jpg" for camera in (1, 2) for shot in (1, 2)])
    run_command("evaluate", "--root", tmp_path, "--verification", "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert values["rank1"] == 1.0 and "eer" not in values
    assert any("no verification metrics" in note for note in values["notes"])
    assert any("queries of only 1 person" in note for note in values["notes"])


def test_single_camera_needs_a_second_image_per_person(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{person:04d}_c1s1_000001_01.jpg" for person in (1, 2)])
    with pytest.raises(UserError, match="no query person has a second image from the same camera"):
        run_command("evaluate", "--root", tmp_path, "--protocol", "single-camera")


def test_without_a_split_all_protocols_use_all_images_as_queries(tmp_path: Path) -> None:
    names = [f"{p:04d}_c{c}s1_00000{s}_01.jpg" for p in (1, 2, 3) for c in (1, 2) for s in (1, 2)]
    write_images(tmp_path, names)
    run_command("evaluate", "--root", tmp_path, "--protocol", "all", "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert values["queries"] == 12 and any(
        "every image is a query against all others" in note for note in values["notes"]
    )
    run_command("evaluate", "--root", tmp_path, "--json", tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["queries"] == 6
