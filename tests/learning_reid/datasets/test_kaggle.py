"""Downloads from Kaggle: the real client against a local server.

The client has no setting for the server's address, so its address for "localhost" is replaced.
"""

import io
import stat
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from learning_reid.datasets.kaggle import KAGGLE_DATASETS, fetch_dataset
from learning_reid.datasets.layouts import open_dataset
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_image, write_images, write_market
from tests.learning_reid.datasets.kaggle_server import Kaggle, serve

pytestmark = pytest.mark.slow


def packed(folder: Path, inside: str = "", extra: dict[str, bytes] | None = None) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                opened.write(file, inside + file.relative_to(folder).as_posix())
        for name, content in (extra or {}).items():
            opened.writestr(name, content)
    return archive.getvalue()


def point_client_at(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from kagglehub.clients import KaggleEnv

    monkeypatch.setitem(sys.modules[KaggleEnv.__module__]._env_to_endpoint, KaggleEnv.LOCAL, endpoint)


@pytest.fixture()
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kaggle]:
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(home / ".kaggle"))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    archive = packed(write_market(tmp_path / "made"), "Market-1501-v15.09.15/")
    with serve(Kaggle(archive, KAGGLE_DATASETS["market1501"].handle)) as server:
        point_client_at(server.endpoint, monkeypatch)
        yield server


@pytest.mark.parametrize("with_out", [False, True], ids=["cache", "out"])
def test_market1501_is_downloaded_with_a_table_of_labels(kaggle: Kaggle, tmp_path: Path, with_out: bool) -> None:
    out = tmp_path / "out" if with_out else None
    fetched = fetch_dataset("market1501", out=out)
    assert [what for what, _, _ in kaggle.requests] == ["GetDataset", "DownloadDataset"]
    assert len(fetched.dataset.samples) == 9 and fetched.table is not None
    assert fetched.table.parent == out or (out is None and fetched.table.parent.name == "Market-1501-v15.09.15")
    from_table = open_dataset("csv", fetched.table).samples
    assert [(one.path, one.person_id, one.camera_id, one.split) for one in from_table] == [
        (one.path, one.person_id, one.camera_id, one.split) for one in fetched.dataset.samples
    ]
    assert any(
        "train 4 instead of 12,936, query 2 instead of 3,368, gallery 3 instead of 15,913" in note
        for note in fetched.notes
    )


def test_a_second_call_downloads_nothing_and_keeps_the_table(kaggle: Kaggle, capfd: pytest.CaptureFixture[str]) -> None:
    first = fetch_dataset("market1501")
    again = fetch_dataset("market1501")
    assert [what for what, _, _ in kaggle.requests] == ["GetDataset", "DownloadDataset", "GetDataset"]
    assert again.table == first.table and any("already exists and is not replaced" in note for note in again.notes)
    assert capfd.readouterr().out == ""


def test_published_counts_are_recognized(kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learning_reid.datasets.kaggle.MARKET_PUBLISHED", {"train": 4, "query": 2, "gallery": 3})
    assert any(
        "as many images in train, query and gallery as published" in note for note in fetch_dataset("market1501").notes
    )


def test_cuhk03(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.handle = KAGGLE_DATASETS["cuhk03"].handle
    kaggle.archive = packed(
        write_images(tmp_path / "c", ["images_labeled/1_001_1_01.png", "images_labeled/1_001_2_06.png"]), "archive/"
    )
    assert [sample.person_id for sample in fetch_dataset("cuhk03").dataset.samples] == ["1_001", "1_001"]


@pytest.mark.parametrize("inside", ["", "casia-webface/", "a/b/"])
def test_casia_in_folders(kaggle: Kaggle, tmp_path: Path, inside: str) -> None:
    kaggle.handle = KAGGLE_DATASETS["casia-webface"].handle
    kaggle.archive = packed(write_images(tmp_path / "c", ["000000/1.jpg", "000001/1.jpg"]), inside)
    assert [sample.person_id for sample in fetch_dataset("casia-webface").dataset.samples] == ["000000", "000001"]


def test_casia_as_recordio_is_refused(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.handle = KAGGLE_DATASETS["casia-webface"].handle
    kaggle.archive = packed(tmp_path / "none", extra={"casia/train.rec": b"x", "casia/train.idx": b"x"})
    with pytest.raises(UserError, match=r"train.rec is a RecordIO file of MXNet, .* one folder for each person"):
        fetch_dataset("casia-webface")


def test_another_upload(kaggle: Kaggle) -> None:
    kaggle.handle = "someone/their-market"
    assert len(fetch_dataset("market1501", "someone/their-market").dataset.samples) == 9


def test_a_missing_upload(kaggle: Kaggle) -> None:
    kaggle.handle = "someone/else"
    with pytest.raises(UserError, match="Kaggle has no dataset pengcw1/market-1501; .* --handle OWNER/NAME"):
        fetch_dataset("market1501")


@pytest.mark.parametrize("handle", ["market", "a/b/c", "https://kaggle.com/a/b", "../x", "a/.."])
def test_invalid_handle(kaggle: Kaggle, handle: str) -> None:
    with pytest.raises(UserError, match="is not a Kaggle handle; give OWNER/NAME"):
        fetch_dataset("market1501", handle)
    assert not kaggle.requests


def test_missing_credentials_are_explained_in_three_lines(kaggle: Kaggle) -> None:
    kaggle.token = "secret"
    with pytest.raises(UserError) as raised:
        fetch_dataset("market1501")
    lines = str(raised.value).splitlines()
    assert len(lines) == 3 and "KAGGLE_API_TOKEN" in lines[0] and "Colab" in lines[1] and "data convert" in lines[2]


def test_with_credentials(kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    kaggle.token = "secret"
    monkeypatch.setenv("KAGGLE_API_TOKEN", "secret")
    assert len(fetch_dataset("market1501").dataset.samples) == 9


def test_broken_credentials_file(kaggle: Kaggle, tmp_path: Path) -> None:
    (tmp_path / "home/.kaggle").mkdir()
    (tmp_path / "home/.kaggle/kaggle.json").write_text("{")
    with pytest.raises(UserError, match="Invalid Kaggle credentials file at .*kaggle.json; create that file again"):
        fetch_dataset("market1501")


def test_without_a_network(kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    point_client_at("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(
        UserError, match=r"Kaggle cannot be reached; check the network.\nBy hand: download kaggle.com/datasets/"
    ):
        fetch_dataset("market1501")


def test_a_response_that_is_not_an_archive(kaggle: Kaggle) -> None:
    kaggle.archive = b"this is a web page"
    with pytest.raises(UserError, match="is damaged or unsafe") as raised:
        fetch_dataset("market1501")
    assert "\n" not in str(raised.value)


def test_a_truncated_archive(kaggle: Kaggle) -> None:
    kaggle.archive = kaggle.archive[: len(kaggle.archive) // 2]
    with pytest.raises(UserError, match="is damaged or unsafe"):
        fetch_dataset("market1501")


def outside(folder: Path, before: set[Path]) -> set[Path]:
    """Return the files written outside the cache."""
    return {path for path in folder.rglob("*") if "cache" not in path.parts} - before


def test_zip_paths_cannot_leave_the_folder(kaggle: Kaggle, tmp_path: Path) -> None:
    extra = {f"{'../' * depth}evil{depth}.txt": b"evil" for depth in range(1, 12)}
    kaggle.archive = packed(tmp_path / "made", "Market-1501-v15.09.15/", extra | {"/evil.txt": b"evil"})
    before = set(tmp_path.rglob("*"))
    fetched = fetch_dataset("market1501")
    assert len(fetched.dataset.samples) == 9
    assert outside(tmp_path, before) == set() and not Path("/evil.txt").exists()
    assert not list(Path(tmp_path).parent.glob("evil*"))


def test_a_link_in_a_zip_becomes_a_plain_file(kaggle: Kaggle, tmp_path: Path) -> None:
    archive = io.BytesIO(kaggle.archive)
    with zipfile.ZipFile(archive, "a") as opened:
        link = zipfile.ZipInfo("Market-1501-v15.09.15/query/0009_c1s1_000001_00.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    kaggle.archive = archive.getvalue()
    fetched = fetch_dataset("market1501")
    written = next(one.path for one in fetched.dataset.samples if one.person_id == "0009")
    assert not written.is_symlink() and written.read_text() == "/etc/passwd"


@pytest.mark.parametrize(
    ("name", "kind", "target"), [("../evil", tarfile.REGTYPE, ""), ("link", tarfile.SYMTYPE, "/etc")]
)
def test_a_tar_that_leaves_the_folder_is_refused(
    kaggle: Kaggle, tmp_path: Path, name: str, kind: bytes, target: str
) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as opened:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        opened.addfile(info)
    kaggle.archive = archive.getvalue()
    before = set(tmp_path.rglob("*"))
    with pytest.raises(UserError, match="is damaged or unsafe"):
        fetch_dataset("market1501")
    assert outside(tmp_path, before) == set()


def test_the_output_folder_must_be_empty(kaggle: Kaggle, tmp_path: Path) -> None:
    write_image(tmp_path / "out/mine.jpg")
    with pytest.raises(UserError, match="is not empty and has no complete download"):
        fetch_dataset("market1501", out=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.jpg"]


def test_an_upload_with_another_layout(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.archive = packed(write_images(tmp_path / "x", ["dogs/1.jpg"]))
    with pytest.raises(UserError, match="does not contain the folders bounding_box_train"):
        fetch_dataset("market1501")


def test_a_read_only_folder_is_accepted(kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise UserError("cannot be written")

    monkeypatch.setattr("learning_reid.datasets.kaggle.write_csv", refuse)
    fetched = fetch_dataset("market1501")
    assert fetched.table is None and len(fetched.dataset.samples) == 9


@pytest.mark.parametrize("name", ["dukemtmcreid", "dukemtmc", "market"])
def test_datasets_that_cannot_be_downloaded(name: str) -> None:
    with pytest.raises(UserError, match=f"unknown dataset '{name}' for data fetch"):
        fetch_dataset(name)
