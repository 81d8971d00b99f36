"""Write a text file line after line and keep the lines whatever happens later."""

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from learning_reid.errors import UserError


class LineWriter:
    """A context manager for a file that grows during a long job.

    Until the end the file is called `NAME.part`, so that an earlier `path` stays until then. However the block ends, by
    an error, Ctrl-C or on a full disk, all complete lines then replace `path`; if nothing was written before an error,
    the earlier file stays. Each line is passed to the system at once. A device or a pipe is written directly.

    Args:
        path: Text file to write.

    Raises:
        UserError: The file cannot be written.

    Example:
        ::

            with LineWriter(Path("det.txt")) as file:
                file.write("1,-1,10,20,30,40,0.9,-1,-1,-1\\n")
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_special = path.exists() and not path.is_file() and not path.is_dir()
        self._temporary = path if self._is_special else path.with_name(path.name + ".part")
        self._size = 0  # of the complete lines, in bytes
        self._is_started = False

    def __enter__(self) -> Self:
        try:
            self._file: BinaryIO = self._temporary.open("wb", buffering=0)
        except OSError as error:
            raise self._cannot_write(error) from None
        return self

    def write(self, lines: str) -> None:
        """Append complete lines; an empty text marks the file as worth keeping."""
        content = memoryview(lines.encode())
        try:
            while content:  # an unbuffered file may write a part
                content = content[self._file.write(content) :]
        except OSError as error:
            raise self._cannot_write(error) from None
        self._size += len(lines.encode())
        self._is_started = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._is_special:
                self._file.close()
            elif error is None or self._is_started:
                self._file.truncate(self._size)  # without the beginning of a line that did not fit on the disk
                os.fsync(self._file.fileno())
                self._file.close()
                os.replace(self._temporary, self.path)
        except OSError as problem:
            raise self._cannot_write(problem) from None
        finally:
            self._file.close()
            if not self._is_special:
                self._temporary.unlink(missing_ok=True)

    def _cannot_write(self, error: OSError) -> UserError:
        return UserError(
            f"{self.path} cannot be written ({error.strerror or error}); free some space or choose another path"
        )
