"""Fetching from Kaggle: its real client against a server of this test, and everything that may go wrong.

The client has no setting for a server of one's own at any port, so the address that it keeps for "localhost" is
replaced; everything else is its own code.
"""

import io
import stat
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from learning_reid.datasets.kaggle import SOURCES, fetch
from learning_reid.datasets.layouts import open_dataset
from learning_reid.errors import UserError
from tests.learning_reid.datasets.crop_making import write_all, write_market, write_picture
from tests.learning_reid.datasets.kaggle_server import Kaggle, serve


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
    with serve(Kaggle(archive, SOURCES["market1501"].handle)) as server:
        point_client_at(server.endpoint, monkeypatch)
        yield server


@pytest.mark.parametrize("with_out", [False, True], ids=["cache", "out"])
def test_market1501_arrives_with_a_table_of_its_labels(kaggle: Kaggle, tmp_path: Path, with_out: bool) -> None:
    out = tmp_path / "out" if with_out else None
    fetched = fetch("market1501", out=out)
    assert [what for what, _, _ in kaggle.asked] == ["GetDataset", "DownloadDataset"]
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
    first = fetch("market1501")
    again = fetch("market1501")
    assert [what for what, _, _ in kaggle.asked] == ["GetDataset", "DownloadDataset", "GetDataset"]
    assert again.table == first.table and any("is left as it is" in note for note in again.notes)
    assert capfd.readouterr().out == ""


def test_published_counts_are_recognised(kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learning_reid.datasets.kaggle.MARKET_PUBLISHED", {"train": 4, "query": 2, "gallery": 3})
    assert any(
        "as many pictures in train, query and gallery as published" in note for note in fetch("market1501").notes
    )


def test_cuhk03(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.handle = SOURCES["cuhk03"].handle
    kaggle.archive = packed(
        write_all(tmp_path / "c", ["images_labeled/1_001_1_01.png", "images_labeled/1_001_2_06.png"]), "archive/"
    )
    assert [sample.person_id for sample in fetch("cuhk03").dataset.samples] == ["1_001", "1_001"]


@pytest.mark.parametrize("inside", ["", "casia-webface/", "a/b/"])
def test_casia_in_folders(kaggle: Kaggle, tmp_path: Path, inside: str) -> None:
    kaggle.handle = SOURCES["casia-webface"].handle
    kaggle.archive = packed(write_all(tmp_path / "c", ["000000/1.jpg", "000001/1.jpg"]), inside)
    assert [sample.person_id for sample in fetch("casia-webface").dataset.samples] == ["000000", "000001"]


def test_casia_in_records(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.handle = SOURCES["casia-webface"].handle
    kaggle.archive = packed(tmp_path / "none", extra={"casia/train.rec": b"x", "casia/train.idx": b"x"})
    with pytest.raises(UserError, match=r"train.rec is a RecordIO file of MXNet, .* one folder for each person"):
        fetch("casia-webface")


def test_another_upload(kaggle: Kaggle) -> None:
    kaggle.handle = "somebody/their-market"
    assert len(fetch("market1501", "somebody/their-market").dataset.samples) == 9


def test_an_upload_that_is_gone(kaggle: Kaggle) -> None:
    kaggle.handle = "somebody/else"
    with pytest.raises(UserError, match="Kaggle has no data set pengcw1/market-1501 .* --handle OWNER/NAME"):
        fetch("market1501")


@pytest.mark.parametrize("handle", ["market", "a/b/c", "https://kaggle.com/a/b", "../x", "a/.."])
def test_a_handle_that_is_none(kaggle: Kaggle, handle: str) -> None:
    with pytest.raises(UserError, match="is no Kaggle handle; give OWNER/NAME"):
        fetch("market1501", handle)
    assert not kaggle.asked


def test_without_credentials_three_lines_say_what_to_do(kaggle: Kaggle) -> None:
    kaggle.token = "secret"
    with pytest.raises(UserError) as raised:
        fetch("market1501")
    lines = str(raised.value).splitlines()
    assert len(lines) == 3 and "KAGGLE_API_TOKEN" in lines[0] and "Colab" in lines[1] and "data convert" in lines[2]


def test_with_credentials(kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    kaggle.token = "secret"
    monkeypatch.setenv("KAGGLE_API_TOKEN", "secret")
    assert len(fetch("market1501").dataset.samples) == 9


def test_a_credentials_file_that_is_broken(kaggle: Kaggle, tmp_path: Path) -> None:
    (tmp_path / "home/.kaggle").mkdir()
    (tmp_path / "home/.kaggle/kaggle.json").write_text("{")
    with pytest.raises(UserError, match="Invalid Kaggle credentials file at .*kaggle.json; write that file anew"):
        fetch("market1501")


def test_without_a_network(kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    point_client_at("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(
        UserError, match=r"Kaggle cannot be reached; check the network.\nBy hand: download kaggle.com/datasets/"
    ):
        fetch("market1501")


def test_an_archive_that_is_none(kaggle: Kaggle) -> None:
    kaggle.archive = b"this is a web page"
    with pytest.raises(UserError, match="is damaged or unsafe") as raised:
        fetch("market1501")
    assert "\n" not in str(raised.value)


def test_an_archive_cut_off(kaggle: Kaggle) -> None:
    kaggle.archive = kaggle.archive[: len(kaggle.archive) // 2]
    with pytest.raises(UserError, match="is damaged or unsafe"):
        fetch("market1501")


def outside(folder: Path, before: set[Path]) -> set[Path]:
    """What was written anywhere but below the cache."""
    return {path for path in folder.rglob("*") if "cache" not in path.parts} - before


def test_names_in_a_zip_that_leave_the_folder_stay_inside(kaggle: Kaggle, tmp_path: Path) -> None:
    extra = {f"{'../' * depth}evil{depth}.txt": b"evil" for depth in range(1, 12)}
    kaggle.archive = packed(tmp_path / "made", "Market-1501-v15.09.15/", extra | {"/evil.txt": b"evil"})
    before = set(tmp_path.rglob("*"))
    fetched = fetch("market1501")
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
    fetched = fetch("market1501")
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
        fetch("market1501")
    assert outside(tmp_path, before) == set()


def test_a_folder_that_holds_something_else(kaggle: Kaggle, tmp_path: Path) -> None:
    write_picture(tmp_path / "out/mine.jpg")
    with pytest.raises(UserError, match="is not empty and holds no complete download"):
        fetch("market1501", out=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.jpg"]


def test_an_upload_of_something_else(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.archive = packed(write_all(tmp_path / "x", ["dogs/1.jpg"]))
    with pytest.raises(UserError, match="does not hold the folders bounding_box_train"):
        fetch("market1501")


def test_a_folder_for_reading_only_is_no_failure(kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise UserError("cannot be written")

    monkeypatch.setattr("learning_reid.datasets.kaggle.write_csv", refuse)
    fetched = fetch("market1501")
    assert fetched.table is None and len(fetched.dataset.samples) == 9


@pytest.mark.parametrize("name", ["dukemtmcreid", "dukemtmc", "market"])
def test_what_is_not_fetched(name: str) -> None:
    with pytest.raises(UserError, match=f"unknown set '{name}' for data fetch"):
        fetch(name)
