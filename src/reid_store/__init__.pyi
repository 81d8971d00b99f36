from .config import StoreSettings as StoreSettings
from .corrections import Corrections as Corrections
from .corrections import correct_persons as correct_persons
from .corrections import read_corrected as read_corrected
from .database import database_errors as database_errors
from .database import open_store as open_store
from .database import write_lock as write_lock
from .detection_filter import DetectionFilter as DetectionFilter
from .embedding_cache import EmbeddingCache as EmbeddingCache
from .extraction import ExtractionModels as ExtractionModels
from .extraction import RecordingSource as RecordingSource
from .extraction import extract as extract
from .extraction import register_models as register_models
from .identities import read_camera_truth as read_camera_truth
from .identities import read_detections as read_detections
from .identities import write_persons as write_persons
from .records import find_embedder as find_embedder
from .retention import delete_older as delete_older
from .retention import parse_duration as parse_duration
from .search import SearchHit as SearchHit
from .search import read_embedding as read_embedding
from .search import read_thumbnail as read_thumbnail
from .search import search_store as search_store
from .search_results import draw_hits as draw_hits
from .search_results import format_hits as format_hits
from .search_results import format_time as format_time
from .search_results import is_match as is_match
from .server_index import index_embeddings as index_embeddings
from .sprites import blur_faces as blur_faces
from .sprites import blur_people as blur_people
from .thumbnails import decode_jpeg as decode_jpeg
from .timeline import summarize_timeline as summarize_timeline
from .timeline import write_timeline as write_timeline
from .timeline_data import TimelineData as TimelineData
from .timeline_data import compare_models as compare_models
from .timeline_data import read_timeline as read_timeline

__all__ = [
    "Corrections",
    "DetectionFilter",
    "EmbeddingCache",
    "ExtractionModels",
    "RecordingSource",
    "SearchHit",
    "StoreSettings",
    "TimelineData",
    "blur_faces",
    "blur_people",
    "compare_models",
    "correct_persons",
    "database_errors",
    "decode_jpeg",
    "delete_older",
    "draw_hits",
    "extract",
    "find_embedder",
    "format_hits",
    "format_time",
    "index_embeddings",
    "is_match",
    "open_store",
    "parse_duration",
    "read_camera_truth",
    "read_corrected",
    "read_detections",
    "read_embedding",
    "read_thumbnail",
    "read_timeline",
    "register_models",
    "search_store",
    "summarize_timeline",
    "write_lock",
    "write_persons",
    "write_timeline",
]
