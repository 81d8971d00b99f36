"""Finding a reader by name, a layout by what lies there, and saying what is wrong with a root."""

import subprocess
import sys
from pathlib import Path

import pytest

from learning_reid.datasets.layouts import list_datasets, describe_datasets, recognize_dataset, open_dataset
from learning_reid.errors import UserError
from learning_reid.models.torchreid_models import quiet
from tests.learning_reid.datasets.crop_making import write_all, write_market

FOLDER_LAYOUTS = [name for name in list_datasets() if name != "csv"]


def test_the_names_that_were_promised() -> None:
    ours = {"market1501", "dukemtmcreid", "msmt17", "cuhk03", "csv", "folder", "identities", "mot"}
    theirs = {"viper", "grid", "prid", "ilids", "cuhk01", "cuhk02", "sensereid", "cuhksysu", "university1652"}
    assert set(list_datasets()) == ours | theirs | {"mars", "ilidsvid", "prid2011", "dukemtmcvidreid"}
    assert list(describe_datasets()) == list_datasets() and all(describe_datasets().values())


def test_torchreid_has_no_set_that_we_do_not_name() -> None:
    with quiet():
        from torchreid.reid.data import datasets

    theirs = {**datasets.__dict__["__image_datasets"], **datasets.__dict__["__video_datasets"]}
    assert set(theirs) <= set(list_datasets())


def test_listing_and_reading_our_layouts_loads_no_network_library(tmp_path: Path, repository: Path) -> None:
    write_market(tmp_path)
    code = (
        "import sys; from pathlib import Path; from learning_reid.datasets.layouts import recognize_dataset, open_dataset\n"
        f"open_dataset(recognize_dataset(Path({str(tmp_path)!r})), Path({str(tmp_path)!r}))\n"
        "print(*({'torch', 'torchreid', 'tensorflow', 'kagglehub', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown data set 'market1510': did you mean 'market1501'"):
        open_dataset("market1510", tmp_path)


@pytest.mark.parametrize("name", list_datasets())
def test_a_root_that_is_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"there is no .*nowhere; name the folder"):
        open_dataset(name, tmp_path / "nowhere")


@pytest.mark.parametrize("name", list_datasets())
def test_a_root_that_is_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / ".hidden").touch()
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UserError, match="the folder .*nothing is empty"):
        open_dataset(name, tmp_path / "nothing")


@pytest.mark.parametrize("name", FOLDER_LAYOUTS)
def test_a_root_that_is_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "labels.csv").write_text("img_path,person_id\n")
    with pytest.raises(
        UserError, match=f"labels.csv is a file; the layout '{name}' needs a folder; it looks like --dataset csv"
    ):
        open_dataset(name, tmp_path / "labels.csv")


@pytest.mark.parametrize("name", [name for name in list_datasets() if name != "identities"])
def test_another_layout_is_recognised_and_named(tmp_path: Path, name: str) -> None:
    if name == "market1501":
        write_all(tmp_path, ["Anna/1.jpg", "Ben/2.jpg"])
    else:
        write_market(tmp_path)
    likely = "identities" if name == "market1501" else "market1501"
    with pytest.raises(UserError, match=f"; it looks like --dataset {likely}$") as raised:
        open_dataset(name, tmp_path)
    assert "\n" not in str(raised.value)


def test_a_picture_is_no_table(tmp_path: Path) -> None:
    write_all(tmp_path, ["a.jpg"])
    with pytest.raises(UserError, match="is a picture; a CSV file .* was expected"):
        open_dataset("csv", tmp_path / "a.jpg")


def test_nothing_known_is_told_with_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    with pytest.raises(UserError, match="has none of these layouts") as raised:
        recognize_dataset(tmp_path)
    assert "market1501" in str(raised.value) and "img_path,person_id" in str(raised.value)
    with pytest.raises(UserError, match="there is no"):
        recognize_dataset(tmp_path / "nowhere")


def test_no_usable_picture_says_why(tmp_path: Path) -> None:
    write_all(tmp_path, ["holiday.jpg"])
    with pytest.raises(UserError, match=r"no labelled picture of the layout 'folder' \(.*such as .*holiday.jpg"):
        open_dataset("folder", tmp_path)
