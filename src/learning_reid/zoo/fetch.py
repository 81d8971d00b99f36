"""Fetch published weights and data by name: download, verify and unpack them on first use.

A file gets its final name only after its checksum was compared. If the publisher gives none, the first download's
is recorded in `data/checksums.lock` and every later download must match it: trust on first use, as for SSH host keys.
"""

import errno
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests

from learning_reid.errors import UserError, did_you_mean
from learning_reid.io.paths import home
from learning_reid.io.target_lock import lock_target
from learning_reid.zoo.archive import unpack
from learning_reid.zoo.cards import all_cards
from learning_reid.zoo.checksums import FULL_DIGITS, ChecksumLock, sha256_of
from learning_reid.zoo.detector_cards import published_detectors
from learning_reid.zoo.download import download_file
from learning_reid.zoo.sources import DownloadSource, load_sources

LOCK_FILE = "data/checksums.lock"


def published_sources() -> dict[str, DownloadSource]:
    """Return everything that can be fetched, by name: `sources.yml` and the cards of the model zoo."""
    detectors = {name: card.source for name, card in published_detectors().items()}
    return load_sources() | detectors | {card.key: card.source for card in all_cards().values()}


def fetch_published(
    name: str, *, root: Path | None = None, sources: Mapping[str, DownloadSource] | None = None, wait: bool = True
) -> Path:
    """Return the path of published weights or data, downloaded on first use.

    Args:
        name: A name of `published_sources`, such as `osnet_x0_25.msmt17`.
        root: The folder that the paths of the sources are relative to; by default the project's.
        sources: Other sources than the published ones.
        wait: Wait for another process that downloads the same file.

    Returns:
        An existing file or folder. The checksum of a file was just compared.

    Raises:
        UserError: The name is unknown; no server can be reached (the message names the file, where to save it by
            hand, and what works without it); the file is not the published one; the disk is full or not writable;
            another process downloads it, and `wait` is False.
    """
    root = home() if root is None else root
    sources = published_sources() if sources is None else sources
    if name not in sources:
        raise UserError(f"nothing called {name!r} is published; {did_you_mean(name, sources)}")
    source = sources[name]
    target = root / source.target
    if source.archive is not None and _exists(target):
        return target
    try:
        file = root / source.download
        file.parent.mkdir(parents=True, exist_ok=True)
        with lock_target(file, wait=wait):
            _ensure_downloaded(source, file, root)
            if source.archive is not None and not _exists(target):
                unpack(file, source.member or "", target)
    except OSError as error:
        raise UserError(
            f"cannot write {target} ({error.strerror or error}); make it writable, or free some space"
        ) from None
    return target


def fetch_missing(
    path: Path, *, root: Path | None = None, sources: Mapping[str, DownloadSource] | None = None
) -> Path | None:
    """Fetch the published file or folder that belongs at `path`; return None if there is no such source."""
    root = home() if root is None else root
    sources = published_sources() if sources is None else sources
    wanted = path.expanduser().resolve()
    for name, source in sources.items():
        if wanted == (root / source.target).resolve():
            return fetch_published(name, root=root, sources=sources)
    return None


def _exists(target: Path) -> bool:
    return target.is_file() or (target.is_dir() and any(target.iterdir()))


def _ensure_downloaded(source: DownloadSource, file: Path, root: Path) -> None:
    """Download the file unless it exists, and verify it in both cases."""
    if file.exists():
        if problem := _verify(source, file, root):
            raise UserError(f"{problem}\n{_set_aside(file)}; run again to download a new copy")
        return
    problems = []
    for url in source.urls:
        host = urlsplit(url).hostname
        try:
            downloaded = download_file(url, file, source.bytes)
        except OSError as error:
            if error.errno == errno.ENOSPC or isinstance(error, PermissionError):
                raise
            problems.append(f"{host}: {_reason(error)}")
            continue
        if problem := _verify(source, downloaded, root):
            problems.append(f"{host}: {problem}; {_set_aside(downloaded)}")
            continue
        downloaded.rename(file)
        return
    raise UserError(_download_by_hand(source, file, problems))


def _verify(source: DownloadSource, file: Path, root: Path) -> str | None:
    """Return what is wrong with a file, or None if it is the published one; record its checksum on first use."""
    digest = sha256_of(file)
    if digest in source.other_sha256:
        return None
    if source.bytes is not None and file.stat().st_size != source.bytes:
        return f"{file} has {file.stat().st_size} bytes, published are {source.bytes}"
    published = source.sha256 or ""
    if not digest.startswith(published):
        return f"{file} has SHA-256 {digest}, published is {published}"
    if len(published) == FULL_DIGITS:
        return None
    lock = ChecksumLock(root / LOCK_FILE)
    recorded = lock.get(source.download)
    if recorded is None:
        lock.record(source.download, digest)
        given = f"only the first {len(published)} digits" if published else "no checksum"
        print(f"{source.name}: its publisher gives {given}; SHA-256 {digest} recorded in {lock.file}", file=sys.stderr)
    elif recorded != digest:
        return f"{file} has SHA-256 {digest}, {lock.file} recorded {recorded} (delete that line if this one is right)"
    return None


def _set_aside(file: Path) -> str:
    aside = file.with_name(file.name + ".bad")
    file.replace(aside)
    return f"renamed to {aside.name}"


def _download_by_hand(source: DownloadSource, file: Path, problems: list[str]) -> str:
    size = f" ({source.bytes / 1e6:.0f} MB)" if source.bytes else ""
    return (
        f"{source.name}{size} is missing and could not be downloaded: {'; '.join(dict.fromkeys(problems))}\n"
        f"By hand: download {source.urls[0]} and save it as {file}\n"
        "Without it: `make demo` works now, it downloads nothing."
    )


def _reason(error: OSError) -> str:
    if isinstance(error, requests.Timeout) and "stalled" not in str(error):
        return "no response in time"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.ConnectionError) and not str(error).startswith(("interrupted", "stalled")):
        return "cannot be reached"
    return str(error)
