"""ReID models: OSNet and those of torchreid, BNNeck, part pooling, strict and safe loading of weights."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
