from .load import dump_settings as dump_settings
from .load import load_settings as load_settings
from .load import read_settings as read_settings
from .schema import Settings as Settings
from .training import TrainSettings as TrainSettings

__all__ = ["Settings", "TrainSettings", "dump_settings", "load_settings", "read_settings"]
