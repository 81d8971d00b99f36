"""Download sources: `sources.yml`, read into one record per name."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

SOURCES_FILE = Path(__file__).with_name("sources.yml")


@dataclass(frozen=True)
class DownloadSource:
    """A file or folder that can be downloaded."""

    name: str  #: Its name in settings and commands
    about: str  #: Description and licence
    target: str  #: Path of the file or folder, relative to the project's root
    urls: Sequence[str]  #: Addresses, tried in this order
    #: Path of the archive that `target` is unpacked from, relative to the root; None for a plain file
    archive: str | None = None
    member: str | None = None  #: Path of `target` in the archive; other folders may precede it there
    bytes: int | None = None  #: Size of the download; None if unknown
    #: Checksum of the download, or its first digits if the publisher gives no more; None if unknown
    sha256: str | None = None
    other_sha256: Sequence[str] = ()  #: Checksums of other files that serve as well, such as another export

    @property
    def download(self) -> str:
        """The path of the download, relative to the root."""
        return self.archive or self.target


def load_sources(file: Path = SOURCES_FILE) -> dict[str, DownloadSource]:
    """Read all sources by name, in the order of the file."""
    entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {name: DownloadSource(name=name, **entry) for name, entry in entries.items()}
