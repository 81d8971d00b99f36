from .content_hash import fingerprint as fingerprint
from .csv_file import LABELS_FILE as LABELS_FILE
from .csv_file import write_csv as write_csv
from .doctor import DatasetReport as DatasetReport
from .doctor import check_dataset as check_dataset
from .embeddings import embed_samples as embed_samples
from .embeddings import load_embeddings as load_embeddings
from .embeddings import sample_name as sample_name
from .embeddings import save_embeddings as save_embeddings
from .file_names import market_label as market_label
from .findings import Finding as Finding
from .findings import Findings as Findings
from .identification import Identification as Identification
from .identification import compare_images as compare_images
from .identification import identify as identify
from .identity_split import select_identities as select_identities
from .identity_split import split_by_identity as split_by_identity
from .images import open_image as open_image
from .images import read_crop as read_crop
from .kaggle import FetchedDataset as FetchedDataset
from .kaggle import fetch_dataset as fetch_dataset
from .layouts import describe_datasets as describe_datasets
from .layouts import list_datasets as list_datasets
from .layouts import open_dataset as open_dataset
from .layouts import recognize_dataset as recognize_dataset
from .pairs import measure_features as measure_features
from .query_gallery_split import QueryGallerySplit as QueryGallerySplit
from .query_gallery_split import split_query_gallery as split_query_gallery
from .registry import register_dataset as register_dataset
from .retrieval_task import RetrievalTask as RetrievalTask
from .retrieval_task import create_retrieval_task as create_retrieval_task
from .sample import CropDataset as CropDataset
from .sample import Sample as Sample

__all__ = [
    "LABELS_FILE",
    "CropDataset",
    "DatasetReport",
    "FetchedDataset",
    "Finding",
    "Findings",
    "Identification",
    "QueryGallerySplit",
    "RetrievalTask",
    "Sample",
    "check_dataset",
    "compare_images",
    "create_retrieval_task",
    "describe_datasets",
    "embed_samples",
    "fetch_dataset",
    "fingerprint",
    "identify",
    "list_datasets",
    "load_embeddings",
    "market_label",
    "measure_features",
    "open_dataset",
    "open_image",
    "read_crop",
    "recognize_dataset",
    "register_dataset",
    "sample_name",
    "save_embeddings",
    "select_identities",
    "split_by_identity",
    "split_query_gallery",
    "write_csv",
]
