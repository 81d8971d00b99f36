"""What can be downloaded and from where: `sources.yml`, read into one record for each name."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

SOURCES_FILE = Path(__file__).with_name("sources.yml")


@dataclass(frozen=True)
class DownloadSource:
    """One thing to download.

    Attributes:
        name: how settings and commands call it.
        about: what it is, and on what terms.
        target: where the program looks for it, relative to the project's root.
        urls: where it is published, tried in this order.
        archive: the download that `target` is unpacked from, relative to the root; None where it is the target itself.
        member: where in the archive it lies; any folders may stand before it there.
        bytes: size of the download, None where unknown.
        sha256: of the download; fewer than 64 digits where the publisher tells only the first; None where none is told.
    """

    name: str
    about: str
    target: str
    urls: Sequence[str]
    archive: str | None = None
    member: str | None = None
    bytes: int | None = None
    sha256: str | None = None

    @property
    def download(self) -> str:
        """The file that is downloaded, relative to the root."""
        return self.archive or self.target


def load_sources(file: Path = SOURCES_FILE) -> dict[str, DownloadSource]:
    """All sources by name, in the file's order."""
    entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {name: DownloadSource(name=name, **entry) for name, entry in entries.items()}
