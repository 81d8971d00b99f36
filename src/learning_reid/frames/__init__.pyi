from .frame import Frame as Frame
from .frame import FrameSource as FrameSource
from .image_folder import ImageFrames as ImageFrames
from .images import IMAGE_SUFFIXES as IMAGE_SUFFIXES
from .images import image_files as image_files
from .images import natural_sort as natural_sort
from .images import read_image as read_image
from .mot import MotTable as MotTable
from .mot import format_mot as format_mot
from .mot import read_mot as read_mot
from .sources import open_frames as open_frames
from .synthetic import SyntheticFrames as SyntheticFrames
from .synthetic import is_synthetic as is_synthetic
from .synthetic import parse_scene_name as parse_scene_name
from .synthetic import truth_table as truth_table
from .synthetic_views import view_names as view_names
from .synthetic_views import write_views as write_views
from .video import VIDEO_SUFFIXES as VIDEO_SUFFIXES
from .video import VideoFrames as VideoFrames

__all__ = [
    "IMAGE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Frame",
    "FrameSource",
    "ImageFrames",
    "MotTable",
    "SyntheticFrames",
    "VideoFrames",
    "format_mot",
    "image_files",
    "is_synthetic",
    "natural_sort",
    "open_frames",
    "parse_scene_name",
    "read_image",
    "read_mot",
    "truth_table",
    "view_names",
    "write_views",
]
