"""The settings of the store: where it is, and which networks fill it."""

from pydantic import Field

from src.settings.schema import DetectorSettings, EmbedderSettings, RuntimeSettings, Section


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


class StoreSettings(Section):
    """From footage to a store: the place, and the networks."""

    store: StorePlace = Field(default_factory=StorePlace)
    detector: DetectorSettings = Field(default_factory=DetectorSettings)
    embedder: EmbedderSettings = Field(default_factory=EmbedderSettings)
    runtime: RuntimeSettings = Field(default_factory=RuntimeSettings)
