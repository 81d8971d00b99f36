from .annotation import annotate_frame as annotate_frame
from .contact_sheet import draw_contact_sheet as draw_contact_sheet
from .crop_grid import CORRECT as CORRECT
from .crop_grid import INCORRECT as INCORRECT
from .crop_grid import NEUTRAL as NEUTRAL
from .crop_grid import CropCell as CropCell
from .crop_grid import draw_crop_grid as draw_crop_grid
from .crop_grid import show_crop as show_crop
from .curves import draw_cmc_curves as draw_cmc_curves
from .curves import draw_distance_histograms as draw_distance_histograms
from .curves import draw_precision_recall_curve as draw_precision_recall_curve
from .curves import draw_roc_curve as draw_roc_curve
from .curves import draw_training_curves as draw_training_curves
from .decisions import draw_identifications as draw_identifications
from .decisions import draw_pair as draw_pair
from .detection_files import DetectionFiles as DetectionFiles
from .drawing import MATCH_STYLE as MATCH_STYLE
from .drawing import OTHER_STYLE as OTHER_STYLE
from .drawing import QUERY_STYLE as QUERY_STYLE
from .drawing import BoxStyle as BoxStyle
from .drawing import LabeledBox as LabeledBox
from .drawing import draw_boxes as draw_boxes
from .embedding_map import draw_embedding_map as draw_embedding_map
from .figures import create_figure as create_figure
from .figures import save_figure as save_figure
from .ranked_lists import draw_ranked_lists as draw_ranked_lists
from .ranking_image import draw_ranking as draw_ranking
from .ranking_image import drawn_rows as drawn_rows
from .ranking_image import matches_over_time as matches_over_time
from .rankings_csv import write_rankings_csv as write_rankings_csv
from .similarity_plot import draw_similarity_table as draw_similarity_table
from .similarity_table import SimilarityTable as SimilarityTable
from .summary import Summary as Summary
from .video_writer import VideoWriter as VideoWriter

__all__ = [
    "CORRECT",
    "INCORRECT",
    "MATCH_STYLE",
    "NEUTRAL",
    "OTHER_STYLE",
    "QUERY_STYLE",
    "BoxStyle",
    "CropCell",
    "DetectionFiles",
    "LabeledBox",
    "SimilarityTable",
    "Summary",
    "VideoWriter",
    "annotate_frame",
    "create_figure",
    "draw_boxes",
    "draw_cmc_curves",
    "draw_contact_sheet",
    "draw_crop_grid",
    "draw_distance_histograms",
    "draw_embedding_map",
    "draw_identifications",
    "draw_pair",
    "draw_precision_recall_curve",
    "draw_ranked_lists",
    "draw_ranking",
    "draw_roc_curve",
    "draw_similarity_table",
    "draw_training_curves",
    "drawn_rows",
    "matches_over_time",
    "save_figure",
    "show_crop",
    "write_rankings_csv",
]
