"""The folders of training runs: a new run never overwrites another, and a run is found by its name."""

from pathlib import Path

from learning_reid.config.load import dump_settings, read_settings
from learning_reid.config.training import TrainSettings
from learning_reid.errors import UserError, did_you_mean

CONFIG = "config.yaml"


def create_run(settings: TrainSettings, name: str) -> Path:
    """Create the folder of a new run (NAME, or NAME-2, NAME-3, … if that exists) and save its settings there.

    Raises:
        UserError: The folder cannot be created or written.
    """
    wanted = settings.run.name or name
    check_run_name(wanted)
    for number in range(1, 10_000):
        run = Path(settings.run.folder).expanduser() / (wanted if number == 1 else f"{wanted}-{number}")
        try:
            run.mkdir(parents=True)
            (run / "weights").mkdir()
            (run / CONFIG).write_text(dump_settings(settings), encoding="utf-8")
            return run
        except FileExistsError:
            if not run.is_dir():
                raise UserError(f"{run} exists and is not a folder; move it, or choose another run.name") from None
        except OSError as error:
            raise UserError(f"{run} cannot be written ({error.strerror}); choose another run.folder") from None
    raise UserError(f"{settings.run.folder} has too many runs called {wanted}; choose another run.name")


def check_run_name(name: str) -> None:
    """Raise a UserError unless a folder can have this name."""
    if Path(name).name != name or name in ("", ".", ".."):
        raise UserError(f"run.name={name!r} is not the name of a folder; leave out slashes")


def find_run(run: str, folder: str = "runs/train") -> Path:
    """Find a run by its path, or by its name below `folder`.

    Raises:
        UserError: There is no such run; similar names are suggested.
    """
    for path in (Path(run).expanduser(), Path(folder).expanduser() / run):
        if (path / CONFIG).is_file():
            return path
    if Path(run).name != run:
        raise UserError(f"{run} is not a run: it contains no {CONFIG}; give the run's folder, not a file in it")
    existing = [path.parent.name for path in Path(folder).expanduser().glob(f"*/{CONFIG}")]
    hint = did_you_mean(run, existing) if existing else "there are no runs yet"
    raise UserError(f"no run {run!r} in {folder}: {hint}; for a run elsewhere, give the path of its folder")


def load_run_settings(run: Path, overrides: list[str] | None = None) -> TrainSettings:
    """Load the settings of a run, with some of them replaced."""
    return read_settings(TrainSettings, run / CONFIG, overrides or [])
