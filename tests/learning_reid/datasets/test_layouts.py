"""Opening a dataset by name, recognizing its layout, and errors about its root."""

import subprocess
import sys
from pathlib import Path

import pytest

from learning_reid.datasets.findings import Findings
from learning_reid.datasets.layouts import describe_datasets, list_datasets, open_dataset, recognize_dataset
from learning_reid.datasets.listing import images_in
from learning_reid.datasets.registry import READERS, register_dataset
from learning_reid.datasets.sample import Sample
from learning_reid.errors import UserError
from learning_reid.models.torchreid_models import quiet
from tests.learning_reid.datasets.dataset_files import write_images, write_market

FOLDER_LAYOUTS = [name for name in list_datasets() if name != "csv"]


def test_names_of_all_datasets() -> None:
    ours = {"market1501", "dukemtmcreid", "msmt17", "cuhk03", "csv", "folder", "identities", "mot", "splits"}
    theirs = {"viper", "grid", "prid", "ilids", "cuhk01", "cuhk02", "sensereid", "cuhksysu", "university1652"}
    assert set(list_datasets()) == ours | theirs | {"mars", "ilidsvid", "prid2011", "dukemtmcvidreid"}
    assert list(describe_datasets()) == list_datasets() and all(describe_datasets().values())


@pytest.mark.slow
def test_every_dataset_of_torchreid_is_listed() -> None:
    with quiet():
        from torchreid.reid.data import datasets

    theirs = {**datasets.__dict__["__image_datasets"], **datasets.__dict__["__video_datasets"]}
    assert set(theirs) <= set(list_datasets())


def test_reading_our_own_layouts_imports_no_heavy_library(tmp_path: Path, repository: Path) -> None:
    write_market(tmp_path)
    code = (
        "import sys; from pathlib import Path; from learning_reid.datasets.layouts import recognize_dataset, open_dataset\n"
        f"open_dataset(recognize_dataset(Path({str(tmp_path)!r})), Path({str(tmp_path)!r}))\n"
        "print(*({'torch', 'torchreid', 'tensorflow', 'kagglehub', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_an_unknown_name_gives_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown dataset 'market1510': did you mean 'market1501'"):
        open_dataset("market1510", tmp_path)


@pytest.mark.parametrize("name", list_datasets())
def test_missing_root(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"there is no .*nowhere; name the folder"):
        open_dataset(name, tmp_path / "nowhere")


@pytest.mark.parametrize("name", list_datasets())
def test_empty_root(tmp_path: Path, name: str) -> None:
    (tmp_path / ".hidden").touch()
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UserError, match="the folder .*nothing is empty"):
        open_dataset(name, tmp_path / "nothing")


@pytest.mark.parametrize("name", FOLDER_LAYOUTS)
def test_file_as_root(tmp_path: Path, name: str) -> None:
    (tmp_path / "labels.csv").write_text("img_path,person_id\n")
    with pytest.raises(
        UserError, match=f"labels.csv is a file; the layout '{name}' needs a folder; it looks like --dataset csv"
    ):
        open_dataset(name, tmp_path / "labels.csv")


@pytest.mark.parametrize("name", [name for name in list_datasets() if name != "identities"])
def test_the_error_names_the_layout_that_fits(tmp_path: Path, name: str) -> None:
    if name == "market1501":
        write_images(tmp_path, ["Anna/1.jpg", "Ben/2.jpg"])
    else:
        write_market(tmp_path)
    likely = "identities" if name == "market1501" else "market1501"
    with pytest.raises(UserError, match=f"; it looks like --dataset {likely}$") as raised:
        open_dataset(name, tmp_path)
    assert "\n" not in str(raised.value)


def test_an_image_is_not_a_table(tmp_path: Path) -> None:
    write_images(tmp_path, ["a.jpg"])
    with pytest.raises(UserError, match="is an image; a CSV file .* was expected"):
        open_dataset("csv", tmp_path / "a.jpg")


def test_an_unknown_layout_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    with pytest.raises(UserError, match="has none of these layouts") as raised:
        recognize_dataset(tmp_path)
    assert "market1501" in str(raised.value) and "img_path,person_id" in str(raised.value)
    with pytest.raises(UserError, match="there is no"):
        recognize_dataset(tmp_path / "nowhere")


def test_the_reason_is_given_if_no_image_is_usable(tmp_path: Path) -> None:
    write_images(tmp_path, ["holiday.jpg"])
    with pytest.raises(UserError, match=r"no labeled image in the layout 'folder' \(.*such as .*holiday.jpg"):
        open_dataset("folder", tmp_path)


def test_a_reader_registered_by_a_decorator_is_listed_and_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in ("_loaded", "_about"):
        monkeypatch.setattr(READERS, table, dict(getattr(READERS, table)))

    @register_dataset("one-camera", about="all images of a folder, one person")
    def read_one_person(root: Path, found: Findings) -> list[Sample]:
        return [Sample(path, "anna", "1") for path in images_in(root, found)]

    write_images(tmp_path, ["b.jpg", "a.jpg"])
    assert describe_datasets()["one-camera"] == "all images of a folder, one person"
    assert [sample.path.name for sample in open_dataset("one-camera", tmp_path).samples] == ["a.jpg", "b.jpg"]


def test_the_layout_is_recognized_without_a_name(tmp_path: Path) -> None:
    assert open_dataset(None, write_market(tmp_path)).name == "market1501"
