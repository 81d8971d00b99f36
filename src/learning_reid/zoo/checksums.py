"""Checksums: those that publishers give, and otherwise the one recorded at the first download."""

import hashlib
from pathlib import Path

from filelock import FileLock

from learning_reid.io.atomic_write import atomic_write

FULL_DIGITS = 64  # hexadecimal digits of a complete SHA-256


def sha256_of(file: Path) -> str:
    """Compute the SHA-256 of a file, 64 hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class ChecksumLock:
    """Checksums of first downloads: lines `SHA256  FILE`, as `sha256sum --check` reads them in the project's root."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def get(self, name: str) -> str | None:
        """Return the checksum recorded for a file, or None."""
        return self._read().get(name)

    def record(self, name: str, digest: str) -> None:
        """Add or replace one line."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.file.with_name(f".{self.file.name}.lock")), atomic_write(self.file) as temporary:
            lines = sorted(f"{known}  {file}\n" for file, known in {**self._read(), name: digest}.items())
            temporary.write_text("".join(lines), encoding="utf-8")

    def _read(self) -> dict[str, str]:
        if not self.file.exists():
            return {}
        lines = (line.split(maxsplit=1) for line in self.file.read_text(encoding="utf-8").splitlines())
        return {line[1].strip(): line[0] for line in lines if len(line) == 2}
