"""Valid and hostile archives, created in the tests."""

import io
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from learning_reid.errors import UserError
from learning_reid.zoo.archive import unpack

FILES = {f"Crowd/S2/View_001/frame_{number}.jpg": bytes([number]) * 5000 for number in range(4)}
OTHERS = {"Crowd/S2/View_002/frame_0.jpg": b"other view", "Crowd/S2/View_0012/frame_0.jpg": b"likewise", "readme": b"x"}


def tar_of(path: Path, files: dict[str, bytes], extra: Callable[[tarfile.TarFile], None] | None = None) -> Path:
    with tarfile.open(path, f"w:{path.suffix[1:]}" if path.suffix != ".tar" else "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        if extra:
            extra(tar)
    return path


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("Crowd/", b"")
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def pack(path: Path, files: dict[str, bytes]) -> Path:
    return zip_of(path, files) if path.suffix == ".zip" else tar_of(path, files)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


SUFFIXES = [".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".zip"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_only_the_requested_folder_is_unpacked(tmp_path: Path, suffix: str) -> None:
    archive = pack(tmp_path / f"set{suffix}", FILES | OTHERS)
    target = unpack(archive, "S2/View_001", tmp_path / "data/S2/View_001")
    assert target == tmp_path / "data/S2/View_001"
    assert contents(tmp_path / "data") == {name.removeprefix("Crowd/"): content for name, content in FILES.items()}
    assert [path.name for path in target.parent.iterdir()] == ["View_001"]  # the temporary folder is deleted


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_requested_file_below_a_dot_folder(tmp_path: Path, suffix: str) -> None:
    archive = pack(tmp_path / f"net{suffix}", {"./net/graph.pb": b"graph", "./net/checkpoint": b"big"})
    assert unpack(archive, "net/graph.pb", tmp_path / "weights/graph.pb").read_bytes() == b"graph"
    assert contents(tmp_path / "weights") == {"graph.pb": b"graph"}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "name", ["/etc/evil", "../evil", "a/../../evil", "Crowd/S2/View_001/../../../../evil", "..\\evil", "C:\\evil"]
)
def test_names_that_leave_the_folder_raise_before_anything_is_written(tmp_path: Path, suffix: str, name: str) -> None:
    archive = pack(tmp_path / f"set{suffix}", {**FILES, name: b"evil"})  # the bad name comes last
    with pytest.raises(UserError, match="is not unpacked: .* leaves the folder"):
        unpack(archive, "S2/View_001", tmp_path / "data/View_001")
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]


@pytest.mark.parametrize("suffix", [".tar", ".zip"])
@pytest.mark.parametrize("names", [["S/" + "a" * 300], ["S/a", "S/a/b"]], ids=["too long", "file and folder"])
def test_impossible_names_raise_in_one_line_and_leave_nothing(tmp_path: Path, suffix: str, names: list[str]) -> None:
    archive = pack(tmp_path / f"set{suffix}", dict.fromkeys(names, b"x"))
    with pytest.raises(UserError, match="is damaged") as error:
        unpack(archive, "S", tmp_path / "data/S")
    assert len(str(error.value).splitlines()) == 1
    assert not list((tmp_path / "data").iterdir())


def test_impossible_size_raises_in_one_line(tmp_path: Path) -> None:
    info = tarfile.TarInfo("S/a")
    info.size = 1 << 60
    (tmp_path / "set.tar").write_bytes(info.tobuf(format=tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(UserError, match="is damaged"):
        unpack(tmp_path / "set.tar", "S", tmp_path / "data/S")
    assert not (tmp_path / "data").exists()


def special(kind: bytes, target: str) -> Callable[[tarfile.TarFile], None]:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo("Crowd/S2/View_001/odd")
        info.type, info.linkname = kind, target
        tar.addfile(info)

    return add


@pytest.mark.parametrize(
    ("kind", "target", "description"),
    [
        (tarfile.SYMTYPE, "../../../../etc", "link"),
        (tarfile.SYMTYPE, "/etc/passwd", "link"),
        (tarfile.LNKTYPE, "../../secret", "link"),
        (tarfile.FIFOTYPE, "", "device"),
        (tarfile.CHRTYPE, "", "device"),
    ],
)
def test_links_and_devices_raise(tmp_path: Path, kind: bytes, target: str, description: str) -> None:
    archive = tar_of(tmp_path / "set.tar.bz2", FILES, special(kind, target))
    with pytest.raises(UserError, match=f"is a {description}"):
        unpack(archive, "S2/View_001", tmp_path / "data/View_001")
    assert not (tmp_path / "data").exists()


def test_link_in_a_zip_raises(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "set.zip", FILES)
    with zipfile.ZipFile(archive, "a") as packed:
        info = zipfile.ZipInfo("Crowd/S2/View_001/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(info, "/etc/passwd")
    with pytest.raises(UserError, match="is a link"):
        unpack(archive, "S2/View_001", tmp_path / "data/View_001")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.97])
def test_truncated_archive_leaves_nothing(tmp_path: Path, suffix: str, share: float) -> None:
    archive = pack(tmp_path / f"set{suffix}", FILES | OTHERS)
    content = archive.read_bytes()
    if suffix == ".tar":
        content = content.rstrip(b"\0")  # the zeros at the end of a tar are not needed
    archive.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UserError, match=r"damaged|does not contain") as error:
        unpack(archive, "S2/View_001", tmp_path / "data/View_001")
    assert "run again" in str(error.value)
    assert not (tmp_path / "data/View_001").exists()


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.bz2", ".tar.xz", ".zip"])
def test_flipped_byte_raises(tmp_path: Path, suffix: str) -> None:
    archive = pack(tmp_path / f"set{suffix}", FILES)
    content = bytearray(archive.read_bytes())
    content[len(content) // 3] ^= 0x10
    archive.write_bytes(content)
    with pytest.raises(UserError):
        unpack(archive, "S2/View_001", tmp_path / "data/View_001")
    assert not (tmp_path / "data/View_001").exists()


def test_archive_without_the_requested_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not contain S2/View_001"):
        unpack(tar_of(tmp_path / "set.tar.gz", OTHERS), "S2/View_001", tmp_path / "data/View_001")


def test_interrupted_unpacking_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tar_of(tmp_path / "set.tar.bz2", FILES)
    extract, written = tarfile.TarFile.extract, []

    def interrupted(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, **options: str) -> None:
        written.append(member.name)
        if len(written) == 3:
            raise KeyboardInterrupt
        extract(tar, member, folder, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(tarfile.TarFile, "extract", interrupted)
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, "S2/View_001", tmp_path / "data/View_001")
    assert len(written) == 3 and not list((tmp_path / "data").iterdir())
    monkeypatch.undo()
    assert len(contents(unpack(archive, "S2/View_001", tmp_path / "data/View_001"))) == 4


def test_small_disk_raises_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tar_of(tmp_path / "set.tar.bz2", FILES)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=19_999))
    with pytest.raises(UserError, match="free some space"):
        unpack(archive, "S2/View_001", tmp_path / "data/View_001")
    assert not list((tmp_path / "data").iterdir())
