"""Published weights and data by name: there already, or downloaded, checked and put in their place.

Nothing appears under its final name before its checksum was compared. Where the publisher gives none, the first
download is recorded in `data/checksums.lock` and every later one must equal it: trust on first use, as SSH does with
host keys.
"""

import errno
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests
from filelock import FileLock

from learning_reid.errors import UserError, did_you_mean
from learning_reid.io.paths import home
from learning_reid.zoo.archive import unpack
from learning_reid.zoo.cards import all_cards
from learning_reid.zoo.checksums import FULL, ChecksumLock, sha256_of
from learning_reid.zoo.download import download_file
from learning_reid.zoo.sources import DownloadSource, load_sources

LOCK_FILE = "data/checksums.lock"


def published_sources() -> dict[str, DownloadSource]:
    """Everything that `fetch` knows, by name: `sources.yml` and the cards of the model zoo."""
    return load_sources() | {card.key: card.source for card in all_cards().values()}


def fetch_published(name: str, *, root: Path | None = None, sources: Mapping[str, DownloadSource] | None = None) -> Path:
    """Where published weights or data lie on this disk; they are downloaded on first use.

    Args:
        name: A name of `published`, as `osnet_x0_25.msmt17`.
        root: The folder that the sources' paths are relative to.
        sources: Other sources than the published ones.

    Returns:
        An existing file or folder. A file's checksum has just been compared.

    Raises:
        UserError: The name is unknown; no server can be reached (three lines: what is missing, where to put it by hand,
            what works without it); what came, or what lies there, is not what was published; the disk is full or not
            writable.
    """
    root = home() if root is None else root
    sources = published_sources() if sources is None else sources
    if name not in sources:
        raise UserError(f"nothing called {name!r} is published; {did_you_mean(name, sources)}")
    source = sources[name]
    target = root / source.target
    if source.archive is not None and _is_there(target):
        return target
    try:
        download_to = root / source.download
        download_to.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(
            download_to.with_name(f".{download_to.name}.lock")
        ):  # two runs at once: the second waits for the first
            _make_there(source, download_to, root)
            if source.archive is not None and not _is_there(target):
                unpack(download_to, source.member or "", target)
    except OSError as problem:
        raise UserError(
            f"cannot write {target} ({problem.strerror or problem}); make it writable, or make room"
        ) from None
    return target


def fetch_missing(path: Path, *, root: Path | None = None, sources: Mapping[str, DownloadSource] | None = None) -> Path | None:
    """Fetch what belongs at `path`, so that a setting may just name the file; None where nothing published belongs."""
    root = home() if root is None else root
    sources = published_sources() if sources is None else sources
    place = path.expanduser().resolve()
    for name, source in sources.items():
        if place == (root / source.target).resolve():
            return fetch_published(name, root=root, sources=sources)
    return None


def _is_there(target: Path) -> bool:
    return target.is_file() or (target.is_dir() and any(target.iterdir()))


def _make_there(source: DownloadSource, file: Path, root: Path) -> None:
    """Download the file unless it is there; either way hold it against its checksum."""
    if file.exists():
        problem = _wrong(source, file, root)
        if problem:
            raise UserError(f"{problem}\n{_set_aside(file)}; run again to download it anew")
        return
    problems = []
    for url in source.urls:
        try:
            arrived = download_file(url, file)
        except OSError as problem:
            if problem.errno == errno.ENOSPC or isinstance(problem, PermissionError):
                raise
            problems.append(f"{urlsplit(url).hostname}: {_reason(problem)}")
            continue
        wrong = _wrong(source, arrived, root)
        if wrong:
            problems.append(f"{urlsplit(url).hostname}: {wrong}; {_set_aside(arrived)}")
            continue
        arrived.rename(file)
        return
    raise UserError(_by_hand(source, file, problems))


def _wrong(source: DownloadSource, file: Path, root: Path) -> str | None:
    """What speaks against a file; None where it is what was published (or, on first use, is now recorded)."""
    if source.bytes is not None and file.stat().st_size != source.bytes:
        return f"{file} has {file.stat().st_size} bytes, published are {source.bytes}"
    digest = sha256_of(file)
    published = source.sha256 or ""
    if not digest.startswith(published):
        return f"{file} has SHA-256 {digest}, published is {published}"
    if len(published) == FULL:
        return None
    lock = ChecksumLock(root / LOCK_FILE)
    recorded = lock.get(source.download)
    if recorded is None:
        lock.record(source.download, digest)
        told = f"only the first {len(published)} digits" if published else "no checksum"
        print(f"{source.name}: its publisher gives {told}; SHA-256 {digest} recorded in {lock.file}", file=sys.stderr)
    elif recorded != digest:
        return f"{file} has SHA-256 {digest}, {lock.file} recorded {recorded} (delete that line if this one is right)"
    return None


def _set_aside(file: Path) -> str:
    aside = file.with_name(file.name + ".bad")
    file.replace(aside)
    return f"set aside as {aside.name}"


def _by_hand(source: DownloadSource, file: Path, problems: list[str]) -> str:
    size = f" ({source.bytes / 1e6:.0f} MB)" if source.bytes else ""
    return (
        f"{source.name}{size} is missing and could not be downloaded: {'; '.join(dict.fromkeys(problems))}\n"
        f"By hand: download {source.urls[0]} and save it as {file}\n"
        "Without it: `make demo` works now, it downloads nothing."
    )


def _reason(problem: OSError) -> str:
    if isinstance(problem, requests.Timeout):
        return "no answer in time"
    if isinstance(problem, requests.HTTPError) and problem.response is not None:
        return f"{problem.response.status_code} {problem.response.reason}"
    if isinstance(problem, requests.ConnectionError) and "broke off" not in str(problem):
        return "cannot be reached"
    return str(problem)
