"""The examination from end to end, on generated people and the embedded network: what is said, written and refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.errors import UserError
from learning_reid.metrics.protocol import PROTOCOLS
from tests.learning_reid.cli.run_cli import run_command
from tests.learning_reid.datasets.crop_making import write_all

FIGURES = ("rank1", "rank5", "rank10", "rank20", "map", "minp")


@pytest.fixture(scope="module")
def folder(generated_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything `evaluate` can write, once."""
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


def test_the_json_holds_what_was_promised(values: dict) -> None:
    for name in FIGURES:
        assert 0 <= values[name] <= 1
        low, high = values["intervals_95"][name]
        assert low <= values[name] <= high
    assert (values["protocol"], values["queries"], values["queries_skipped"]) == ("market1501", 16, 0)
    assert values["gallery"] == 8 * 2 + 4  # junk is out, strangers are in
    assert set(values["tar_at_far"]) == {"0.1", "0.01", "0.001", "0.0001"}
    assert 0 <= values["eer"] <= 1 and values["eer_threshold"] > 0
    assert values["tar_at_far"]["0.0001"] is None  # 160 pairs cannot show one in ten thousand
    assert [method["method"] for method in values["methods"]] == ["plain", "AQE", "αQE", "k-reciprocal"]
    assert values["method"] == "k-reciprocal" and values["map"] == values["methods"][-1]["map"]
    assert [one["protocol"] for one in values["protocols"]] == list(PROTOCOLS)
    assert len({one["fingerprint"] for one in values["protocols"]}) == len(PROTOCOLS)
    assert values["cmc"][0] == pytest.approx(values["rank1"])
    assert np.mean(values["per_query"]["map"]) == pytest.approx(values["map"], abs=1e-6)
    assert values["by_camera_pair"] and len(values["by_person"]) == 8


def test_every_figure_is_printed_with_its_protocol_and_fingerprint(folder: Path, values: dict) -> None:
    printed = (folder / "printed.txt").read_text(encoding="utf-8")
    for one in values["protocols"]:
        row = next(line for line in printed.splitlines() if line.startswith(f"| {one['protocol']} "))
        assert one["fingerprint"] in row and f"{100 * one['map']:.1f}" in row
        assert one["definition"] in printed
    assert "mean of the precisions at the true matches" in printed


def test_the_report_is_there_and_shows_something(folder: Path) -> None:
    report = folder / "report"
    assert json.loads((report / "evaluation.json").read_text()) == json.loads((folder / "a.json").read_text())
    text = (report / "evaluation.md").read_text(encoding="utf-8")
    assert "the hardest persons" in text and "asking camera" in text
    for name in ("cmc.png", "roc.png", "ranked.png", "features.png"):
        pixels = np.asarray(Image.open(report / name).convert("RGB"))
        assert pixels.std() > 5 and min(pixels.shape[:2]) > 300
    assert not list(report.glob("*.part"))


def test_features_read_from_a_file_give_the_same_figures(generated_market: Path, folder: Path, values: dict) -> None:
    out = folder / "b.json"
    again = ("evaluate", "--root", generated_market, "--features", folder / "features.npz", "--json", out, "--rerank")
    run_command(*again)
    read = json.loads(out.read_text())
    assert {name: read[name] for name in (*FIGURES, "fingerprint")} == {
        name: values[name] for name in (*FIGURES, "fingerprint")
    }


def test_the_fingerprint_does_not_depend_on_where_the_data_lies(
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
    told = run_command(*root, "--features", folder / "features.npz", "--against", tmp_path / "worse.json")
    row = next(line for line in told.splitlines() if line.startswith("| mAP") and "to" in line)
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


def test_one_camera_is_explained_and_its_protocol_offered(tmp_path: Path) -> None:
    write_all(tmp_path, [f"{person:04d}_c1s1_00000{shot}_01.jpg" for person in (1, 2, 3) for shot in range(2)])
    with pytest.raises(UserError, match="--protocol single-camera") as caught:
        run_command("evaluate", "--root", tmp_path, "--dataset", "folder")
    assert "0001, 0002, 0003" in str(caught.value)
    assert "`single-camera`" in run_command("evaluate", "--root", tmp_path, "--protocol", "single-camera")


def test_identities_without_overlap_are_named_and_others_counted(tmp_path: Path) -> None:
    names = ["query/0001_c1s1_000001_01.jpg", "query/0002_c1s1_000001_01.jpg", "query/0003_c1s1_000001_01.jpg"]
    write_all(
        tmp_path, [*names, "bounding_box_test/0002_c2s1_000001_01.jpg", "bounding_box_test/0009_c2s1_000001_01.jpg"]
    )
    write_all(tmp_path, ["bounding_box_train/0100_c1s1_000001_01.jpg"])
    run_command("evaluate", "--root", tmp_path, "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert (values["queries"], values["queries_skipped"]) == (1, 2)
    assert any("persons never found: 0001, 0003" in note for note in values["notes"])
    (tmp_path / "bounding_box_test/0002_c2s1_000001_01.jpg").unlink()
    with pytest.raises(UserError, match="no query has a valid match: of 3 identities"):
        run_command("evaluate", "--root", tmp_path)


def broken_features(folder: Path, kind: str) -> Path:
    """The features of the fixture with one thing wrong."""
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
    ("kind", "said"),
    [
        ("nan", "features of 1 of 36 pictures are not numbers"),
        ("zero", "features of 1 of 36 pictures are all zero"),
        ("missing", "no features for 1 of 36 pictures, such as"),
        ("length", r"36 paths and features of shape \(34, \d+\)"),
        ("objects", "is no .npz file"),
        ("text", "is no .npz file"),
        ("none", "no such file"),
    ],
)
def test_features_that_cannot_be_compared_are_refused(
    kind: str, said: str, folder: Path, generated_market: Path
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        run_command("evaluate", "--root", generated_market, "--features", broken_features(folder, kind))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--protocol", "market1051"], "unknown protocol 'market1051': did you mean 'market1501'?"),
        (["--dataset", "market1502"], "did you mean 'market1501'"),
        (["--query-camera", "9"], "no camera '9'; its cameras are 1, 2"),
        (["--json", "/nowhere/a.json"], "cannot be written there"),
        (["--weights", "nowhere.pth"], "no weights file nowhere.pth"),
        (["--embedder", "osnet_x0_26"], "did you mean 'osnet_x0_25'"),
    ],
)
def test_a_wrong_choice_is_told_in_a_line(arguments: list[str], said: str, generated_market: Path) -> None:
    with pytest.raises(UserError) as caught:
        run_command("evaluate", "--root", generated_market, *arguments)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_an_empty_picture_ends_with_a_line(generated_market: Path, tmp_path: Path) -> None:
    shutil.copytree(generated_market, tmp_path / "copy")
    empty = sorted((tmp_path / "copy/bounding_box_test").glob("0005*.jpg"))[0]
    empty.write_bytes(b"")
    with pytest.raises(UserError, match=f"{empty.name} is empty") as caught:
        run_command("evaluate", "--root", tmp_path / "copy")
    assert "\n" not in str(caught.value)


def test_a_root_that_is_a_file_or_missing_is_told(generated_market: Path, tmp_path: Path) -> None:
    picture = next((generated_market / "query").glob("*.jpg"))
    for root in (picture, tmp_path / "missing"):
        with pytest.raises(UserError, match=root.name):
            run_command("evaluate", "--root", root, "--dataset", "market1501")


def test_features_all_alike_earn_nothing_and_end_no_process(
    generated_market: Path, folder: Path, tmp_path: Path
) -> None:
    with np.load(folder / "features.npz") as arrays:
        np.savez(tmp_path / "same.npz", img_path=arrays["img_path"], features=np.ones((36, 4)))
    out = ("--report", tmp_path / "report", "--json", tmp_path / "a.json")
    run_command("evaluate", "--root", generated_market, "--features", tmp_path / "same.npz", "--raw", *out)
    assert json.loads((tmp_path / "a.json").read_text())["rank1"] < 0.2
    assert (tmp_path / "report/ranked.png").exists() and not (tmp_path / "report/features.png").exists()


def test_an_old_picture_is_not_left_in_the_folder(generated_market: Path, folder: Path, tmp_path: Path) -> None:
    features = ("evaluate", "--root", generated_market, "--features", folder / "features.npz", "--report", tmp_path)
    run_command(*features, "--verification")
    assert (tmp_path / "roc.png").exists()
    run_command(*features)
    assert not (tmp_path / "roc.png").exists() and (tmp_path / "cmc.png").exists()


def test_a_model_against_itself_differs_by_nothing(generated_market: Path, folder: Path, tmp_path: Path) -> None:
    features = ("evaluate", "--root", generated_market, "--features", folder / "features.npz")
    run_command(*features, "--json", tmp_path / "a.json")
    told = run_command(*features, "--against", tmp_path / "a.json")
    for name in ("rank-1", "mAP", "mINP"):
        row = next(line for line in told.splitlines() if line.startswith(f"| {name} ") and "to" in line)
        assert row.split("|")[2].strip() == "+0.0" and float(row.split("|")[4]) == 1.0


@pytest.mark.parametrize("change", [{"map": [0.5]}, {"map": [None] * 16}, {"rank1": [[1]] * 16}, {"img_path": 3}])
def test_a_damaged_file_to_compare_with_is_told_before_the_work(
    change: dict, generated_market: Path, folder: Path, tmp_path: Path
) -> None:
    values = json.loads((folder / "a.json").read_text())
    values["per_query"] |= change
    (tmp_path / "bad.json").write_text(json.dumps(values))
    wanted = ("--features", folder / "features.npz", "--rerank", "--against", tmp_path / "bad.json")
    with pytest.raises(UserError, match="bad.json") as caught:
        run_command("evaluate", "--root", generated_market, *wanted)
    assert "\n" not in str(caught.value)


def test_the_order_of_a_table_changes_no_figure(generated_market: Path, folder: Path, tmp_path: Path) -> None:
    run_command("data", "convert", "--dataset", "market1501", "--root", generated_market, "--out", generated_market / "t.csv")
    header, *rows = (generated_market / "t.csv").read_text().splitlines()
    (generated_market / "t.csv").unlink()
    figures = []
    for number, order in enumerate((rows, rows[::-1])):
        table = generated_market / f"order{number}.csv"
        table.write_text("\n".join([header, *order]))
        wanted = ("--protocol", "all", "--features", folder / "features.npz", "--json", tmp_path / "a.json")
        run_command("evaluate", "--root", table, "--dataset", "csv", *wanted)
        table.unlink()
        figures.append(json.loads((tmp_path / "a.json").read_text())["protocols"])
    assert figures[0] == figures[1]


def test_which_average_precision_is_part_of_the_fingerprint(
    generated_market: Path, folder: Path, tmp_path: Path
) -> None:
    prints = set()
    for ap in ("precisions", "interpolated"):
        features = ("--features", folder / "features.npz", "--ap", ap, "--json", tmp_path / "a.json")
        run_command("evaluate", "--root", generated_market, *features)
        prints.add(json.loads((tmp_path / "a.json").read_text())["fingerprint"])
    assert len(prints) == 2


def test_one_person_costs_the_verification_alone(tmp_path: Path) -> None:
    write_all(tmp_path, [f"0001_c{camera}s1_00000{shot}_01.jpg" for camera in (1, 2) for shot in (1, 2)])
    run_command("evaluate", "--root", tmp_path, "--verification", "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert values["rank1"] == 1.0 and "eer" not in values
    assert any("no verification figures" in note for note in values["notes"])
    assert any("1 person asked" in note for note in values["notes"])


def test_a_second_picture_is_asked_for_where_one_camera_has_only_one(tmp_path: Path) -> None:
    write_all(tmp_path, [f"{person:04d}_c1s1_000001_01.jpg" for person in (1, 2)])
    with pytest.raises(UserError, match="no person who asks has a second picture from the same camera"):
        run_command("evaluate", "--root", tmp_path, "--protocol", "single-camera")


def test_without_a_split_all_protocols_let_everybody_ask_and_say_so(tmp_path: Path) -> None:
    names = [f"{p:04d}_c{c}s1_00000{s}_01.jpg" for p in (1, 2, 3) for c in (1, 2) for s in (1, 2)]
    write_all(tmp_path, names)
    run_command("evaluate", "--root", tmp_path, "--protocol", "all", "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert values["queries"] == 12 and any("every picture asks all others" in note for note in values["notes"])
    run_command("evaluate", "--root", tmp_path, "--json", tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["queries"] == 6
