"""Person detectors behind one interface, found by name, and crops of what they find."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
