from .breakdown import CameraPairMetrics as CameraPairMetrics
from .breakdown import PersonMetrics as PersonMetrics
from .breakdown import metrics_by_camera_pair as metrics_by_camera_pair
from .breakdown import metrics_by_person as metrics_by_person
from .confidence import PairedTest as PairedTest
from .confidence import bootstrap_interval as bootstrap_interval
from .confidence import paired_test as paired_test
from .detection import DetectionMetrics as DetectionMetrics
from .detection import RecallPrecision as RecallPrecision
from .detection import coco_average_precision as coco_average_precision
from .detection import detection_metrics as detection_metrics
from .detection import iou_matrix as iou_matrix
from .detection import is_inside as is_inside
from .detection import match_boxes as match_boxes
from .ground_truth import evaluate_rankings as evaluate_rankings
from .ground_truth import true_identities as true_identities
from .identities import IdentityMetrics as IdentityMetrics
from .identities import PairwiseMetrics as PairwiseMetrics
from .identities import identity_metrics as identity_metrics
from .identities import identity_switches as identity_switches
from .identities import pairwise_metrics as pairwise_metrics
from .identities import purity as purity
from .labels import DISTRACTOR as DISTRACTOR
from .labels import Labels as Labels
from .matches import Matches as Matches
from .matches import find_matches as find_matches
from .matches import has_true_match as has_true_match
from .open_set import dir_at_far as dir_at_far
from .protocol import PROTOCOLS as PROTOCOLS
from .protocol import Protocol as Protocol
from .protocol import get_protocol as get_protocol
from .reidentification import FALSE_POSITIVE as FALSE_POSITIVE
from .reidentification import IGNORED as IGNORED
from .reidentification import ReidentificationMetrics as ReidentificationMetrics
from .reidentification import assign_identities as assign_identities
from .reidentification import reidentification_metrics as reidentification_metrics
from .retrieval import RetrievalMetrics as RetrievalMetrics
from .retrieval import average_precision as average_precision
from .retrieval import cmc_curve as cmc_curve
from .retrieval import retrieval_metrics as retrieval_metrics
from .verification import PairDistances as PairDistances
from .verification import collect_pairs as collect_pairs
from .verification import eer as eer
from .verification import far_at_tar as far_at_tar
from .verification import roc_curve as roc_curve
from .verification import tar_at_far as tar_at_far
from .verification import threshold_at_far as threshold_at_far

__all__ = [
    "DISTRACTOR",
    "FALSE_POSITIVE",
    "IGNORED",
    "PROTOCOLS",
    "CameraPairMetrics",
    "DetectionMetrics",
    "IdentityMetrics",
    "Labels",
    "Matches",
    "PairDistances",
    "PairedTest",
    "PairwiseMetrics",
    "PersonMetrics",
    "Protocol",
    "RecallPrecision",
    "ReidentificationMetrics",
    "RetrievalMetrics",
    "assign_identities",
    "average_precision",
    "bootstrap_interval",
    "cmc_curve",
    "coco_average_precision",
    "collect_pairs",
    "detection_metrics",
    "dir_at_far",
    "eer",
    "evaluate_rankings",
    "far_at_tar",
    "find_matches",
    "get_protocol",
    "has_true_match",
    "identity_metrics",
    "identity_switches",
    "iou_matrix",
    "is_inside",
    "match_boxes",
    "metrics_by_camera_pair",
    "metrics_by_person",
    "paired_test",
    "pairwise_metrics",
    "purity",
    "reidentification_metrics",
    "retrieval_metrics",
    "roc_curve",
    "tar_at_far",
    "threshold_at_far",
    "true_identities",
]
