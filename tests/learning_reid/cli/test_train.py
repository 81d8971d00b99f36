"""`train`, and `evaluate --exp` on its runs."""

import json
from pathlib import Path

import pytest
import yaml
from PIL import Image

from learning_reid.config.load import dump_settings
from learning_reid.errors import UserError
from learning_reid.io.target_lock import lock_target
from learning_reid.training import training_data
from learning_reid.training.log import read_metrics
from learning_reid.training.runs import find_run
from tests.learning_reid.cli.run_cli import run_command
from tests.learning_reid.training.conftest import small_settings, write_people


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    settings = small_settings(write_people(folder / "people"), f"run.folder={folder / 'runs'}", "schedule.epochs=2")
    (folder / "small.yml").write_text(dump_settings(settings))
    return folder / "small.yml"


@pytest.fixture(scope="module")
def run(config: Path) -> Path:
    printed = run_command(
        "train", "--config", config, "--lr", "2e-3", "--loss-type", "circle", "--set", "augment.erase=0"
    )
    folder = config.parent / "runs/small"
    assert printed.startswith(
        "training on 54 images of 9 persons; validating on 6 other persons, across cameras; data "
    )
    assert printed.splitlines()[-1] == str(folder) and "best mAP on the validation people" in printed
    return folder


@pytest.mark.slow
def test_the_folder_of_a_run_is_complete(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == {
        "config.yaml",
        "metrics.csv",
        "curves.png",
        "tensorboard",
        "weights",
    }
    assert {path.name for path in (run / "weights").iterdir()} == {"best.pt", "checkpoint.pt", "final.pt"}
    settings = yaml.safe_load((run / "config.yaml").read_text())
    assert (settings["schedule"]["lr"], settings["loss"]["type"], settings["augment"]["erase"]) == (2e-3, "circle", 0)
    assert min(Image.open(run / "curves.png").size) > 500


@pytest.mark.slow
def test_a_second_run_does_not_touch_the_first(config: Path, run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*.*") if path.is_file()}
    run_command(
        "train", "--config", config, "--epochs", 1, "--arch", "osnet_x0_5", "--batch-size", 12, "--num-instances", 3
    )
    second = config.parent / "runs/small-2"
    settings = yaml.safe_load((second / "config.yaml").read_text())
    assert settings["model"]["arch"] == "osnet_x0_5" and settings["schedule"]["batch_size"] == 12
    assert len(read_metrics(second)) == 1
    assert {path: path.read_bytes() for path in before} == before


def test_resuming_a_finished_run_changes_nothing(run: Path) -> None:
    before = (run / "weights/final.pt").read_bytes()
    run_command("train", "--resume", run)
    assert (run / "weights/final.pt").read_bytes() == before


def test_a_run_is_not_resumed_while_another_process_trains_it(run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*.*") if path.is_file()}
    with lock_target(run, run / ".lock"), pytest.raises(UserError, match="another process is writing to it"):
        run_command("train", "--resume", run)
    assert {path: path.read_bytes() for path in before} == before and not (run / ".lock").exists()


def test_resuming_with_another_setting_names_it(run: Path) -> None:
    with pytest.raises(UserError, match=r"model\.arch was 'osnet_x0_25', is 'osnet_x1_0'"):
        run_command("train", "--resume", run, "--arch", "osnet_x1_0")


def test_a_run_is_found_by_name_and_similar_names_are_suggested(run: Path) -> None:
    assert find_run("small", str(run.parent)) == run
    with pytest.raises(UserError, match="no run 'smal' in .*: did you mean 'small'"):
        find_run("smal", str(run.parent))
    with pytest.raises(UserError, match="is not a run: it contains no config.yaml"):
        find_run(str(run / "weights"))
    run_command("train", "--resume", "small", "--set", f"run.folder={run.parent}")
    with pytest.raises(UserError, match="leave out --config"):
        run_command("train", "--resume", run, "--config", run / "config.yaml")


def test_a_short_option_overrides_set(config: Path) -> None:
    with pytest.raises(UserError, match="data.val_split: expected a number > 0 and < 1, got 0"):
        run_command("train", "--config", config, "--val-split", 0, "--set", "data.val_split=0.4")


def test_a_run_is_evaluated_on_people_it_was_not_trained_on(run: Path, tmp_path: Path) -> None:
    printed = run_command("evaluate", "--exp", run, "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert values["embedder"] == "osnet_x0_25" and values["weights"].endswith("best.pt")
    assert values["persons"] == 6 and 0 <= values["eer"] <= 1 and "TAR@FAR" in printed
    noted = (
        max(float(row["map"]) for row in read_metrics(run)),
        max(float(row["map_average"]) for row in read_metrics(run)),
    )
    assert values["map"] <= 1 and max(noted) > 0


@pytest.mark.slow
def test_a_run_on_one_camera_is_evaluated_within_it(config: Path, tmp_path: Path) -> None:
    people = write_people(tmp_path / "people")
    for image in people.glob("*_c2s1_*"):
        image.unlink()
    run_command(
        "train", "--config", config, "--epochs", 1, "--set", f"data.root={people}", "--set", f"run.folder={tmp_path}"
    )
    run_command("evaluate", "--exp", tmp_path / "small", "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert values["protocol"] == "single-camera" and "eer" in values and values["persons"] == 6


@pytest.mark.slow
def test_a_dataset_with_training_images_only_is_evaluated_on_the_validation_people(
    config: Path, tmp_path: Path
) -> None:
    people = write_people(tmp_path / "people")
    rows = [f"people/{path.name},{path.name[:4]},{path.name[6]},train" for path in sorted(people.iterdir())]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["img_path,person_id,camera_id,split", *rows]))
    data = ["--set", "data.dataset=csv", "--set", f"data.root={table}", "--set", f"run.folder={tmp_path}"]
    run_command("train", "--config", config, "--epochs", 1, *data)
    run_command("evaluate", "--exp", tmp_path / "small", "--json", tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["persons"] == 6
    table.write_text("\n".join(["img_path,person_id,camera_id,split", *rows[:-6]]))
    with pytest.raises(UserError, match="is not what the run was trained on"):
        run_command("evaluate", "--exp", tmp_path / "small")


def test_a_run_is_not_evaluated_on_other_data_by_mistake(run: Path) -> None:
    with pytest.raises(UserError, match="--exp RUN has its own data"):
        run_command("evaluate", "--exp", run, "--root", run)


def test_list_models() -> None:
    assert {"osnet_x1_0", "osnet_ain_x0_25", "resnet50", "pcb_p6"} <= set(run_command("train", "--list-models").split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "none.yml"], "none.yml: no such file"),
        (["--set", "schedule.epoch=3"], "did you mean 'schedule.epochs'"),
        (["--val-split", "0"], "data.val_split: expected a number > 0 and < 1, got 0"),
        (["--lr", "-1"], "schedule.lr: expected a number > 0, got -1"),
        (["--arch", "osnet_x0_26"], "did you mean 'osnet_x0_25'"),
        (["--num-instances", "3"], "batch_size 8 is not a multiple of num_instances 3"),
        (["--resume", "nowhere"], "no run 'nowhere'"),
        (["--set", "run.name=a/b"], "run.name='a/b' is not the name of a folder"),
        (["--set", "data.root=/nowhere"], "/nowhere"),
    ],
)
def test_bad_input_is_reported_in_one_line(arguments: list[str], message: str, config: Path) -> None:
    given = arguments if arguments[0] in ("--config", "--resume") else ["--config", config, *arguments]
    with pytest.raises(UserError) as error:
        run_command("train", *given)
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.fixture
def generates_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_data, "cached_dataset", lambda *_: pytest.fail("data were generated"))


SMALL = {
    "data.workers": 0, "data.val_split": 0.4, "model.input_size": [32, 16], "model.reid_dim": 32, "schedule.epochs": 1,
    "schedule.batch_size": 8, "schedule.num_instances": 4, "run.device": "cpu",
}  # fmt: skip


@pytest.mark.usefixtures("generates_nothing")
@pytest.mark.parametrize("given", [["--root", "2026"], ["--set", "data.root=2026/"]])
def test_a_named_root_is_read_and_recognized(given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for image in write_people(tmp_path / "crops", shots=2).iterdir():
        (tmp_path / "2026" / image.name[:4]).mkdir(parents=True, exist_ok=True)
        image.rename(tmp_path / "2026" / image.name[:4] / image.name)
    before = sorted((tmp_path / "2026").rglob("*"))
    monkeypatch.chdir(tmp_path)
    small = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
    printed = run_command("train", *small, "--set", f"run.folder={tmp_path / 'runs'}", *given)
    assert printed.startswith("training on 36 images of 9 persons; validating on 6 other persons, across cameras")
    assert sorted((tmp_path / "2026").rglob("*")) == before
    assert yaml.safe_load((tmp_path / "runs/reid/config.yaml").read_text())["data"]["dataset"] is None


@pytest.mark.usefixtures("generates_nothing")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--root", "{root}", "--dataset", "generated"], "holds other files (0001_c1s1_000000_00.png), and synthetic"),
        (["--root", "{root}", "--dataset", "market1501"], "it looks like --dataset folder"),
        (["--root", "{root}/nowhere"], "there is no "),
        (["--config", "{root}.yml"], "name the crops with --root DIR"),
        (["--dataset", "folder"], "name the crops with --root DIR"),
        (["--dataset", "marekt1501"], "unknown dataset 'marekt1501': did you mean 'market1501'"),
        (["--loss-type", "tripled"], "did you mean 'triplet'"),
        (["--arch", "osnet_x0_26"], "did you mean 'osnet_x0_25'"),
        (["--num-instances", "3"], "batch_size 64 is not a multiple of num_instances 3"),
        (["--loss-type", "none", "--set", "loss.softmax_weight=0"], "nothing would be learned"),
        (["--set", "run.name=a/b"], "run.name='a/b' is not the name of a folder"),
        (["--set", "model.weights=none.pth"], "no weights file none.pth"),
    ],
)
def test_wrong_settings_are_refused_before_data_are_generated(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    root = write_people(tmp_path / "crops", people=2)
    (tmp_path / "crops.yml").write_text("model:\n  arch: osnet_x0_25\n")
    with pytest.raises(UserError) as error:
        run_command("train", *(part.format(root=root) for part in arguments))
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_wrong_option_leaves_no_empty_run(config: Path, run: Path) -> None:
    before = sorted(path.name for path in run.parent.iterdir())
    with pytest.raises(UserError):
        run_command("train", "--config", config, "--arch", "osnet_x0_26")
    assert sorted(path.name for path in run.parent.iterdir()) == before


@pytest.mark.slow
def test_synthetic_people_and_faces_are_rendered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reid_synth.datasets.face_dataset import FacePlan
    from reid_synth.datasets.market import MarketPlan

    monkeypatch.setattr(
        training_data, "CLASS_PLAN", MarketPlan(8, 4, cameras=2, crops_per_camera=2, distractors=0, junk=0)
    )
    monkeypatch.setattr(training_data, "FACES", FacePlan(train_people=8, test_people=4, images_each=4))
    small = [
        "--epochs",
        1,
        "--batch-size",
        8,
        "--num-instances",
        2,
        "--set",
        "data.workers=0",
        "--set",
        "run.device=cpu",
    ]
    small += ["--dataset", "generated", "--root", tmp_path / "data"]
    small += ["--set", f"run.folder={tmp_path / 'runs'}", "--val-split", 0.4]
    for name, size in (("reid", "[32, 16]"), ("face", "[32, 32]")):
        config = Path(__file__).resolve().parents[3] / "confs" / f"{name}.yml"
        run_command("train", "--config", config, *small, "--set", f"model.input_size={size}")
        run_command("evaluate", "--exp", tmp_path / "runs" / name, "--json", tmp_path / "a.json")
        values = json.loads((tmp_path / "a.json").read_text())
        assert values["persons"] == 4 and "tar_at_far" in values
    drawn = {path: path.stat().st_mtime_ns for path in (tmp_path / "data").rglob("*.jpg")}
    run_command("train", "--config", config, *small, "--set", "model.input_size=[32, 32]")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "data").rglob("*.jpg")} == drawn
