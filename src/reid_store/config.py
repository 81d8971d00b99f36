"""The settings of the store: where it is, and which networks fill it."""

from typing import ClassVar

from pydantic import Field

from learning_reid.config.schema import DetectorSettings, EmbedderSettings, RuntimeSettings, Section


class StorePlace(Section):
    """Where detections are kept."""

    url: str = Field(
        "sqlite:///data/db/detections.db",
        description="`sqlite:///FILE` (relative to the project), or `postgresql+psycopg://USER@HOST/DATABASE` (needs "
        "the extra `cluster` here, and pgvector on the server).",
    )
    approximate: bool = Field(
        False,
        description="In stores of millions: ask an index that finds nearly all (HNSW) instead of comparing with every "
        "vector. On a server it is pgvector's; in memory (`app`) it is faiss's (extra `fast`).",
    )


INTRODUCTION = """# Settings of the store

This page is made by `python src/main.py settings --write`; edit `src/reid_store/config.py` instead.

A setting has its default, which the YAML file named by `--config` replaces (confs/store.yml where none is named),
which `--set key=value` replaces:

    python src/main.py extract --input yard.mp4 --set embedder.backend=auto --set store.url=sqlite:///data/db/yard.db

[store.md](store.md) explains the commands.
"""


class StoreSettings(Section):
    """From footage to a store: the place, and the networks."""

    INTRODUCTION: ClassVar[str] = INTRODUCTION

    store: StorePlace = Field(default_factory=StorePlace)
    detector: DetectorSettings = Field(default_factory=DetectorSettings)
    embedder: EmbedderSettings = Field(default_factory=EmbedderSettings)
    runtime: RuntimeSettings = Field(default_factory=RuntimeSettings)
