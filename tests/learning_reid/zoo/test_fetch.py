"""Fetching by name: already there, from a mirror, not what was published, and not at all."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.zoo.checksums import ChecksumLock, sha256_of
from learning_reid.zoo.fetch import LOCK_FILE, fetch, fetch_missing, published
from learning_reid.zoo.sources import DownloadSource, load_sources
from tests.learning_reid.zoo.conftest import FileServer

CONTENT, WRONG = b"weights" * 1000, b"rubbish" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def one(*urls: str, **fields: object) -> dict[str, DownloadSource]:
    return {"net": DownloadSource("net", "a network", "weights/net.pth", urls, **fields)}  # type: ignore[arg-type]


def test_downloaded_once_and_then_found(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{server.url}/net", sha256=SHA256, bytes=len(CONTENT))
    for _ in range(2):
        path = fetch("net", root=tmp_path, sources=sources)
        assert path == tmp_path / "weights/net.pth" and path.read_bytes() == CONTENT
    assert len(server.ranges) == 1
    assert not (tmp_path / LOCK_FILE).exists()  # the publisher's checksum is enough


def test_next_mirror_when_the_first_is_down(server: FileServer, no_server: str, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{no_server}/net", f"{server.url}/gone", f"{server.url}/net", sha256=SHA256)
    assert fetch("net", root=tmp_path, sources=sources).read_bytes() == CONTENT


def test_mirror_with_another_file_is_passed_over(server: FileServer, tmp_path: Path) -> None:
    server.files |= {"/bad": WRONG, "/net": CONTENT}
    sources = one(f"{server.url}/bad", f"{server.url}/net", sha256=SHA256)
    assert fetch("net", root=tmp_path, sources=sources).read_bytes() == CONTENT


@pytest.mark.parametrize("known", [{"sha256": SHA256}, {"sha256": SHA256[:8]}, {"bytes": len(CONTENT) + 1}])
def test_wrong_file_never_gets_its_name(server: FileServer, tmp_path: Path, known: dict) -> None:
    server.files["/net"] = WRONG
    with pytest.raises(UserError, match=r"published (is|are)") as told:
        fetch("net", root=tmp_path, sources=one(f"{server.url}/net", **known))
    assert len(str(told.value).splitlines()) == 3
    assert not (tmp_path / "weights/net.pth").exists()
    assert (tmp_path / "weights/net.pth.part.bad").read_bytes() == WRONG
    assert not (tmp_path / LOCK_FILE).exists()


def test_first_use_is_recorded_and_said_then_held_to(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{server.url}/net")
    path = fetch("net", root=tmp_path, sources=sources)
    assert f"no checksum; SHA-256 {SHA256} recorded in" in capsys.readouterr().err
    assert (tmp_path / LOCK_FILE).read_text() == f"{SHA256}  weights/net.pth\n"
    fetch("net", root=tmp_path, sources=sources)
    assert "recorded" not in capsys.readouterr().err
    path.unlink()
    server.files["/net"] = WRONG
    with pytest.raises(UserError, match=f"recorded {SHA256}"):
        fetch("net", root=tmp_path, sources=sources)
    assert not path.exists()


def test_published_first_digits_are_held_to_and_the_rest_recorded(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    fetch("net", root=tmp_path, sources=one(f"{server.url}/net", sha256=SHA256[:8]))
    assert ChecksumLock(tmp_path / LOCK_FILE).get("weights/net.pth") == SHA256


def test_file_spoiled_on_disk_is_set_aside_with_what_to_do(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{server.url}/net", sha256=SHA256)
    path = fetch("net", root=tmp_path, sources=sources)
    path.write_bytes(WRONG)
    with pytest.raises(UserError, match=r"set aside as net\.pth\.bad; run again to download it anew"):
        fetch("net", root=tmp_path, sources=sources)
    assert path.with_name("net.pth.bad").read_bytes() == WRONG
    assert fetch("net", root=tmp_path, sources=sources).read_bytes() == CONTENT


def test_file_put_there_by_hand_is_taken(no_server: str, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/net.pth").write_bytes(CONTENT)
    assert fetch("net", root=tmp_path, sources=one(f"{no_server}/net", sha256=SHA256)).read_bytes() == CONTENT


def test_without_a_network_three_lines_what_where_and_what_works(no_server: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        fetch("net", root=tmp_path, sources=one(f"{no_server}/net", f"{no_server}/mirror", bytes=2_500_000))
    what, where, instead = str(told.value).splitlines()
    assert what == "net (2 MB) is missing and could not be downloaded: 127.0.0.1: cannot be reached"
    assert f"{no_server}/net" in where and str(tmp_path / "weights/net.pth") in where
    assert "`make demo` works now" in instead


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


def test_archive_is_fetched_unpacked_and_found_again(server: FileServer, tmp_path: Path) -> None:
    server.files["/S2_L2.tar.bz2"] = archive_of(PETS)
    for _ in range(2):
        folder = fetch("pets", root=tmp_path, sources=pets(f"{server.url}/S2_L2.tar.bz2"))
        assert folder == tmp_path / "data/Crowd_PETS09/S2/L2/Time_14-55/View_001"
        assert sorted(path.name for path in folder.iterdir()) == [f"frame_{n:04d}.jpg" for n in range(5)]
    assert len(server.ranges) == 1


def test_frames_unpacked_by_hand_need_no_archive(no_server: str, tmp_path: Path) -> None:
    folder = tmp_path / "data/Crowd_PETS09/S2/L2/Time_14-55/View_001"
    folder.mkdir(parents=True)
    (folder / "frame_0000.jpg").write_bytes(b"x")
    assert fetch("pets", root=tmp_path, sources=pets(no_server)) == folder


def test_archive_put_there_by_hand_is_unpacked_and_a_missing_one_is_told(no_server: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        fetch("pets", root=tmp_path, sources=pets(no_server))
    assert str(tmp_path / "data/S2_L2.tar.bz2") in str(told.value).splitlines()[1]
    (tmp_path / "data/S2_L2.tar.bz2").write_bytes(archive_of(PETS))
    assert len(list(fetch("pets", root=tmp_path, sources=pets(no_server)).iterdir())) == 5


def test_missing_path_of_a_source_is_fetched_and_no_other(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = CONTENT
    sources = one(f"{server.url}/net", sha256=SHA256)
    assert fetch_missing(tmp_path / "weights/other.pth", root=tmp_path, sources=sources) is None
    assert server.ranges == []
    there = fetch_missing(tmp_path / "weights/../weights/net.pth", root=tmp_path, sources=sources)
    assert there == tmp_path / "weights/net.pth" and there.exists()


def test_a_file_cut_short_by_a_wrong_length_is_seen_by_its_checksum(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"], server.told_length = CONTENT, len(CONTENT) // 2
    with pytest.raises(UserError, match="published is"):
        fetch("net", root=tmp_path, sources=one(f"{server.url}/net", sha256=SHA256))
    assert not (tmp_path / "weights/net.pth").exists()


def test_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UserError, match=r"did you mean 'osnet_x0_25\.msmt17'"):
        fetch("osnet_x025.msmt17")


def test_place_that_cannot_be_written(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot write"):
        fetch("net", root=tmp_path, sources=one(f"{server.url}/net"))


def test_published_sources_are_complete_and_stay_in_data_and_weights() -> None:
    sources = published()
    assert len(sources) == len(load_sources()) + 66
    for source in sources.values():
        assert source.urls and all(url.startswith(("https://", "http://")) for url in source.urls)
        assert source.about
        for place in (source.target, source.download):
            assert place.split("/")[0] in ("data", "weights") and ".." not in place
        assert (source.archive is None) == (source.member is None)
        digits = source.sha256 or ""
        assert len(digits) in (0, 8, 64) and not set(digits) - set("0123456789abcdef")
    assert len({source.target for source in sources.values()}) == len(sources)


def test_sha256_of_the_shared_weights_is_the_published_one(real_data: Path) -> None:
    assert sha256_of(real_data / "weights/osnet_x0_25_msmt17.pth") == published()["osnet_x0_25.msmt17"].sha256
