from .clustering import Tracklets as Tracklets
from .clustering import average_linkage as average_linkage
from .clustering import cannot_link_mask as cannot_link_mask
from .clustering import cluster_tracklets as cluster_tracklets
from .clustering import summarize_tracklets as summarize_tracklets
from .identities import Clustering as Clustering
from .identities import DetectionTable as DetectionTable
from .identities import cluster_detections as cluster_detections
from .identities import estimate_threshold as estimate_threshold
from .scoring import CameraTruth as CameraTruth
from .scoring import ClusteringScores as ClusteringScores
from .scoring import match_ground_truth as match_ground_truth
from .scoring import score_clustering as score_clustering
from .tracklets import TrackletRules as TrackletRules
from .tracklets import impostor_quantile as impostor_quantile
from .tracklets import link_tracklets as link_tracklets

__all__ = [
    "CameraTruth",
    "Clustering",
    "ClusteringScores",
    "DetectionTable",
    "TrackletRules",
    "Tracklets",
    "average_linkage",
    "cannot_link_mask",
    "cluster_detections",
    "cluster_tracklets",
    "estimate_threshold",
    "impostor_quantile",
    "link_tracklets",
    "match_ground_truth",
    "score_clustering",
    "summarize_tracklets",
]
