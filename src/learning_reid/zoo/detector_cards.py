"""Cards of person detectors: the published ones of `detectors.yml`, and the one that comes with the repository."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field

from learning_reid.io.paths import EMBEDDED_WEIGHTS
from learning_reid.io.yaml_file import read_mapping
from learning_reid.zoo.cards import Percent, Record
from learning_reid.zoo.sources import DownloadSource

DETECTORS_FILE = Path(__file__).with_name("detectors.yml")
EMBEDDED = "embedded"


class DetectorCard(Record):
    """Weights of a person detector; None = not published.

    Attributes:
        name: Their name in settings and commands.
        detector: The detector that runs them, as in `detector.name`.
        about: The network.
        licence: The licence of the weights.
        params_m, gflops: Parameters in millions, multiply-adds in billions for one image of the size `input`.
        input: Size of the network's input.
        ap: AP on COCO in percent, over all classes.
        page: Where these numbers are published.
        target: Path of the file below the project's root.
        archive, member, urls, bytes, sha256, other_sha256: The download; see `DownloadSource`.
        megabytes: Size in 10⁶ bytes where only a rounded one is published.
    """

    name: str
    detector: str
    about: str
    licence: str
    params_m: float | None = Field(None, gt=0)
    gflops: float | None = Field(None, gt=0)
    input: str
    ap: Percent | None = None
    page: str | None = None
    target: str
    archive: str | None = None
    member: str | None = None
    urls: tuple[str, ...] = ()
    bytes: int | None = Field(None, gt=0)
    megabytes: float | None = Field(None, gt=0)
    sha256: str | None = Field(None, pattern=r"^([0-9a-f]{8}|[0-9a-f]{64})$")
    other_sha256: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()

    @property
    def source(self) -> DownloadSource:
        """The source that `fetch_published` downloads."""
        about = f"{self.about}, trained on COCO; {self.licence}"
        place = (self.target, self.urls, self.archive, self.member)
        return DownloadSource(self.name, about, *place, self.bytes, self.sha256, self.other_sha256)


def load_detector_cards(file: Path = DETECTORS_FILE) -> dict[str, DetectorCard]:
    """Read the published cards by name, in the order of the file; raise a ValidationError for a wrong entry."""
    entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {name: DetectorCard(name=name, **entry) for name, entry in entries.items()}


@lru_cache(maxsize=1)
def published_detectors() -> dict[str, DetectorCard]:
    """Return the published cards by name."""
    return load_detector_cards()


def all_detectors() -> dict[str, DetectorCard]:
    """Return the embedded card and the published ones by name."""
    facts = read_mapping(EMBEDDED_WEIGHTS / "detector.yml")
    file = EMBEDDED_WEIGHTS / facts["file"]
    embedded = DetectorCard(
        name=EMBEDDED, detector="torchvision_frcnn", about=facts["what"], licence=facts["licence"], input="any",
        target=str(file), bytes=facts["bytes"], sha256=facts["sha256"],
    )  # fmt: skip
    return {EMBEDDED: embedded, **published_detectors()}
