from .advice import notes_on_use as notes_on_use
from .advice import notes_on_weights as notes_on_weights
from .cards import Card as Card
from .cards import all_cards as all_cards
from .cards import find_card as find_card
from .checksums import sha256_of as sha256_of
from .detector_cards import DetectorCard as DetectorCard
from .detector_cards import all_detectors as all_detectors
from .fetch import fetch_published as fetch_published

__all__ = [
    "Card",
    "DetectorCard",
    "all_cards",
    "all_detectors",
    "fetch_published",
    "find_card",
    "notes_on_use",
    "notes_on_weights",
    "sha256_of",
]
