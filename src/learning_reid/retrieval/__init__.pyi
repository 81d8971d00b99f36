from .distances import DISTANCES as DISTANCES
from .distances import DistanceRows as DistanceRows
from .distances import cosine_distance as cosine_distance
from .distances import distance_rows as distance_rows
from .distances import euclidean_distance as euclidean_distance
from .neighbors import SearchResult as SearchResult
from .neighbors import search as search
from .person_detections import PersonDetections as PersonDetections
from .query_expansion import alpha_query_expansion as alpha_query_expansion
from .query_expansion import average_query_expansion as average_query_expansion
from .query_selection import select_queries as select_queries
from .ranking import Ranking as Ranking
from .ranking import rank_later_detections as rank_later_detections
from .reranking import k_reciprocal_rerank as k_reciprocal_rerank
from .reranking import reranked_distance_rows as reranked_distance_rows
from .vector_index import VectorIndex as VectorIndex

__all__ = [
    "DISTANCES",
    "DistanceRows",
    "PersonDetections",
    "Ranking",
    "SearchResult",
    "VectorIndex",
    "alpha_query_expansion",
    "average_query_expansion",
    "cosine_distance",
    "distance_rows",
    "euclidean_distance",
    "k_reciprocal_rerank",
    "rank_later_detections",
    "reranked_distance_rows",
    "search",
    "select_queries",
]
