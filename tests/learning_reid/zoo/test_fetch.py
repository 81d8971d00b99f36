"""Fetching by name: existing files, mirrors, wrong checksums, and no network."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.zoo import download
from learning_reid.zoo.checksums import ChecksumLock, sha256_of
from learning_reid.zoo.fetch import LOCK_FILE, fetch_missing, fetch_published, published_sources
from learning_reid.zoo.sources import DownloadSource, load_sources
from tests.learning_reid.zoo.conftest import FileServer

CONTENT, WRONG = b"weights" * 1000, b"rubbish" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def one(*urls: str, **fields: object) -> dict[str, DownloadSource]:
    return {"net": DownloadSource("net", "a network", "weights/net.pth", urls, **fields)}  # type: ignore[arg-type]


def test_file_is_downloaded_once(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{server.url}/net", sha256=SHA256, bytes=len(CONTENT))
    for _ in range(2):
        path = fetch_published("net", root=tmp_path, sources=sources)
        assert path == tmp_path / "weights/net.pth" and path.read_bytes() == CONTENT
    assert len(server.ranges) == 1
    assert not (tmp_path / LOCK_FILE).exists()  # the publisher's checksum suffices


def test_next_mirror_is_used_if_the_first_fails(server: FileServer, no_server: str, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{no_server}/net", f"{server.url}/gone", f"{server.url}/net", sha256=SHA256)
    assert fetch_published("net", root=tmp_path, sources=sources).read_bytes() == CONTENT


def test_mirror_with_a_wrong_file_is_skipped(server: FileServer, tmp_path: Path) -> None:
    server.files |= {"/bad": WRONG, "/net": CONTENT}
    sources = one(f"{server.url}/bad", f"{server.url}/net", sha256=SHA256)
    assert fetch_published("net", root=tmp_path, sources=sources).read_bytes() == CONTENT


@pytest.mark.parametrize("known", [{"sha256": SHA256}, {"sha256": SHA256[:8]}, {"bytes": len(CONTENT) + 1}])
def test_wrong_file_never_gets_the_final_name(server: FileServer, tmp_path: Path, known: dict) -> None:
    server.files["/net"] = WRONG
    with pytest.raises(UserError, match=r"published (is|are)") as error:
        fetch_published("net", root=tmp_path, sources=one(f"{server.url}/net", **known))
    assert len(str(error.value).splitlines()) == 3
    assert not (tmp_path / "weights/net.pth").exists()
    assert (tmp_path / "weights/net.pth.part.bad").read_bytes() == WRONG
    assert not (tmp_path / LOCK_FILE).exists()


def test_first_checksum_is_recorded_and_later_required(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{server.url}/net")
    path = fetch_published("net", root=tmp_path, sources=sources)
    assert f"no checksum; SHA-256 {SHA256} recorded in" in capsys.readouterr().err
    assert (tmp_path / LOCK_FILE).read_text() == f"{SHA256}  weights/net.pth\n"
    fetch_published("net", root=tmp_path, sources=sources)
    assert "recorded" not in capsys.readouterr().err
    path.unlink()
    server.files["/net"] = WRONG
    with pytest.raises(UserError, match=f"recorded {SHA256}"):
        fetch_published("net", root=tmp_path, sources=sources)
    assert not path.exists()


def test_first_digits_are_compared_and_the_rest_is_recorded(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    fetch_published("net", root=tmp_path, sources=one(f"{server.url}/net", sha256=SHA256[:8]))
    assert ChecksumLock(tmp_path / LOCK_FILE).get("weights/net.pth") == SHA256


def test_damaged_file_is_renamed_with_advice(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{server.url}/net", sha256=SHA256)
    path = fetch_published("net", root=tmp_path, sources=sources)
    path.write_bytes(WRONG)
    with pytest.raises(UserError, match=r"renamed to net\.pth\.bad; run again to download a new copy"):
        fetch_published("net", root=tmp_path, sources=sources)
    assert path.with_name("net.pth.bad").read_bytes() == WRONG
    assert fetch_published("net", root=tmp_path, sources=sources).read_bytes() == CONTENT


def test_file_saved_by_hand_is_used(no_server: str, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/net.pth").write_bytes(CONTENT)
    assert fetch_published("net", root=tmp_path, sources=one(f"{no_server}/net", sha256=SHA256)).read_bytes() == CONTENT


def test_without_a_network_the_message_gives_the_file_its_place_and_alternatives(
    no_server: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as error:
        fetch_published("net", root=tmp_path, sources=one(f"{no_server}/net", f"{no_server}/mirror", bytes=2_500_000))
    what, where, instead = str(error.value).splitlines()
    assert what == "net (2 MB) is missing and could not be downloaded: 127.0.0.1: cannot be reached"
    assert f"{no_server}/net" in where and str(tmp_path / "weights/net.pth") in where
    assert "`make demo` works now" in instead


def test_stall_is_called_a_stall(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT_S", (5, 0.1))
    server.files["/net"], server.pause_s = CONTENT, 0.5
    with pytest.raises(UserError, match="stalled: nothing arrived for 0.1 s"):
        fetch_published("net", root=tmp_path, sources=one(f"{server.url}/net"))


def test_endless_file_is_refused_at_its_published_size(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"], server.sent_length = CONTENT * 2, 0
    with pytest.raises(UserError, match="sends more than the expected 7,000 bytes"):
        fetch_published("net", root=tmp_path, sources=one(f"{server.url}/net", bytes=len(CONTENT)))
    assert not list((tmp_path / "weights").glob("net*"))


def archive_of(names: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:bz2") as tar:
        for name, content in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


PETS = {f"Crowd_PETS09/S2/L2/Time_14-55/View_001/frame_{n:04d}.jpg": bytes([n]) * 3000 for n in range(5)}


def pets(*urls: str) -> dict[str, DownloadSource]:
    source = load_sources()["pets2009_s2_l2"]
    return {"pets": DownloadSource("pets", source.about, source.target, urls, source.archive, source.member)}


def test_archive_is_unpacked_once(server: FileServer, tmp_path: Path) -> None:
    server.files["/S2_L2.tar.bz2"] = archive_of(PETS)
    for _ in range(2):
        folder = fetch_published("pets", root=tmp_path, sources=pets(f"{server.url}/S2_L2.tar.bz2"))
        assert folder == tmp_path / "data/Crowd_PETS09/S2/L2/Time_14-55/View_001"
        assert sorted(path.name for path in folder.iterdir()) == [f"frame_{n:04d}.jpg" for n in range(5)]
    assert len(server.ranges) == 1


def test_folder_unpacked_by_hand_is_used(no_server: str, tmp_path: Path) -> None:
    folder = tmp_path / "data/Crowd_PETS09/S2/L2/Time_14-55/View_001"
    folder.mkdir(parents=True)
    (folder / "frame_0000.jpg").write_bytes(b"x")
    assert fetch_published("pets", root=tmp_path, sources=pets(no_server)) == folder


def test_archive_saved_by_hand_is_unpacked(no_server: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        fetch_published("pets", root=tmp_path, sources=pets(no_server))
    assert str(tmp_path / "data/S2_L2.tar.bz2") in str(error.value).splitlines()[1]
    (tmp_path / "data/S2_L2.tar.bz2").write_bytes(archive_of(PETS))
    assert len(list(fetch_published("pets", root=tmp_path, sources=pets(no_server)).iterdir())) == 5


def test_fetch_missing_only_fetches_paths_of_sources(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{server.url}/net", sha256=SHA256)
    assert fetch_missing(tmp_path / "weights/other.pth", root=tmp_path, sources=sources) is None
    assert server.ranges == []
    there = fetch_missing(tmp_path / "weights/../weights/net.pth", root=tmp_path, sources=sources)
    assert there == tmp_path / "weights/net.pth" and there.exists()


def test_file_truncated_by_a_wrong_length_raises(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"], server.sent_length = CONTENT, len(CONTENT) // 2
    with pytest.raises(UserError, match="published is"):
        fetch_published("net", root=tmp_path, sources=one(f"{server.url}/net", sha256=SHA256))
    assert not (tmp_path / "weights/net.pth").exists()


def test_unknown_name_raises_with_similar_names() -> None:
    with pytest.raises(UserError, match=r"did you mean 'osnet_x0_25\.msmt17'"):
        fetch_published("osnet_x025.msmt17")


def test_unwritable_folder_raises(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot write"):
        fetch_published("net", root=tmp_path, sources=one(f"{server.url}/net"))


def test_published_sources_are_complete_and_inside_data_and_weights() -> None:
    sources = published_sources()
    assert len(sources) == len(load_sources()) + 66 + 9
    for source in sources.values():
        assert source.urls and all(url.startswith(("https://", "http://")) for url in source.urls)
        assert source.about
        for path in (source.target, source.download):
            assert path.split("/")[0] in ("data", "weights") and ".." not in path
        assert (source.archive is None) == (source.member is None)
        digits = source.sha256 or ""
        assert len(digits) in (0, 8, 64) and not set(digits) - set("0123456789abcdef")
    assert len({source.target for source in sources.values()}) == len(sources)


def test_sha256_of_real_weights_is_the_published_one(real_data: Path) -> None:
    assert sha256_of(real_data / "weights/osnet_x0_25_msmt17.pth") == published_sources()["osnet_x0_25.msmt17"].sha256
