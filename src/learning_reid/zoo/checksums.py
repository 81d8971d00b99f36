"""Is this the file that was published? Where nobody publishes a checksum: is it the file that came the first time?"""

import hashlib
import os
from pathlib import Path

FULL = 64  # hexadecimal digits of a whole SHA-256


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits; the file is read in pieces."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class ChecksumLock:
    """What the first download was: lines `SHA256  FILE`, as `sha256sum --check` reads them in the project's root."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def get(self, name: str) -> str | None:
        """The digest recorded for a file, None where none is."""
        return self._read().get(name)

    def record(self, name: str, digest: str) -> None:
        """Add or replace one line; the file is replaced as a whole, so that it is never half written."""
        lines = sorted(f"{known}  {file}\n" for file, known in {**self._read(), name: digest}.items())
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        draft.write_text("".join(lines), encoding="utf-8")
        draft.replace(self.file)

    def _read(self) -> dict[str, str]:
        if not self.file.exists():
            return {}
        lines = (line.split(maxsplit=1) for line in self.file.read_text(encoding="utf-8").splitlines())
        return {line[1].strip(): line[0] for line in lines if len(line) == 2}
