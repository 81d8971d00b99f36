"""Replace a file completely or not at all, whatever goes wrong while it is written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.io.file_names import escape_surrogates


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it if the block succeeds.

    If the block fails, the temporary file is deleted and the earlier `path` stays as it was. A device or a pipe, such
    as /dev/stdout, is written directly.

    Raises:
        UserError: The file cannot be written, for example because the disk is full.
    """
    special = path.exists() and not path.is_file() and not path.is_dir()
    temporary = path if special else path.with_name(path.name + ".part")
    try:
        yield temporary
        if not special:
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())  # otherwise a power failure may leave an empty file under the new name
            os.replace(temporary, path)
    except OSError as error:
        if error.filename is not None and Path(error.filename) not in (temporary, path):
            raise  # another file that the block reads or writes
        raise UserError(
            f"{path} cannot be written ({error.strerror or error}); free some space or choose another path"
        ) from None
    finally:
        if not special:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, as UTF-8; see `atomic_write` and `escape_surrogates`."""
    with atomic_write(path) as temporary:
        temporary.write_text(escape_surrogates(text), encoding="utf-8")
