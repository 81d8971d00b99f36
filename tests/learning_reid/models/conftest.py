"""The models and weights of the embedding tests."""

from tests.learning_reid.embedding.conftest import (  # noqa: F401
    cache,
    crops,
    one_thread,
    state_dict,
    torchreid_models,
    weights_file,
)
