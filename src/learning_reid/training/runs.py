"""The folders of runs: a new run never takes the place of another, and one that is there can be found again."""

from pathlib import Path

from learning_reid.config.load import dump_settings, load_as
from learning_reid.config.training import TrainSettings
from learning_reid.errors import UserError, did_you_mean

CONFIG = "config.yaml"


def create_run(settings: TrainSettings, name: str) -> Path:
    """Make the folder of a new run: NAME, or NAME-2, NAME-3, … where that is taken; and keep its settings there.

    Raises:
        UserError: the folder cannot be made or written.
    """
    wanted = settings.run.name or name
    if Path(wanted).name != wanted or wanted in ("", ".", ".."):
        raise UserError(f"run.name={wanted!r} is not the name of a folder; leave out slashes")
    for number in range(1, 10_000):
        run = Path(settings.run.folder).expanduser() / (wanted if number == 1 else f"{wanted}-{number}")
        try:
            run.mkdir(parents=True)
            (run / "weights").mkdir()
            (run / CONFIG).write_text(dump_settings(settings), encoding="utf-8")
            return run
        except FileExistsError:
            if not run.is_dir():
                raise UserError(f"{run} is in the way: not a folder; move it, or choose another run.name") from None
        except OSError as problem:
            raise UserError(f"{run} cannot be written ({problem.strerror}); choose another run.folder") from None
    raise UserError(f"{settings.run.folder} holds too many runs called {wanted}; choose another run.name")


def find_run(run: str, folder: str = "runs/train") -> Path:
    """A run by its path, or by its name below `folder`.

    Raises:
        UserError: there is none; the nearest names are told.
    """
    for place in (Path(run).expanduser(), Path(folder).expanduser() / run):
        if (place / CONFIG).is_file():
            return place
    if Path(run).name != run:
        raise UserError(f"{run} is no run: there is no {CONFIG} in it; name the run's folder, not a file in it")
    there = [place.parent.name for place in Path(folder).expanduser().glob(f"*/{CONFIG}")]
    hint = did_you_mean(run, there) if there else "no run is there yet"
    raise UserError(f"no run {run!r} in {folder}: {hint}")


def settings_of_run(run: Path, overrides: list[str] | None = None) -> TrainSettings:
    """The settings that a run was begun with, some of them replaced."""
    return load_as(TrainSettings, run / CONFIG, overrides or [])
