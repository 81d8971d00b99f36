from .calibration import calibrate as calibrate
from .comparison import EarlierEvaluation as EarlierEvaluation
from .comparison import compare_results as compare_results
from .comparison import comparison_text as comparison_text
from .comparison import read_evaluation as read_evaluation
from .dataset_evaluation import evaluate_dataset as evaluate_dataset
from .dataset_evaluation import prepare_task as prepare_task
from .distance_matrix import evaluate_retrieval as evaluate_retrieval
from .evaluation_folder import write_evaluation as write_evaluation
from .options import DataOptions as DataOptions
from .options import EvaluationOptions as EvaluationOptions
from .options import ModelOptions as ModelOptions
from .protocol_comparison import evaluate_protocols as evaluate_protocols
from .protocol_comparison import protocols_text as protocols_text
from .result import EvaluationResult as EvaluationResult
from .result import RankingMethod as RankingMethod
from .result import result_to_json as result_to_json
from .result import verification_metrics as verification_metrics
from .tables import calibration_text as calibration_text
from .tables import result_text as result_text

__all__ = [
    "DataOptions",
    "EarlierEvaluation",
    "EvaluationOptions",
    "EvaluationResult",
    "ModelOptions",
    "RankingMethod",
    "calibrate",
    "calibration_text",
    "compare_results",
    "comparison_text",
    "evaluate_dataset",
    "evaluate_protocols",
    "evaluate_retrieval",
    "prepare_task",
    "protocols_text",
    "read_evaluation",
    "result_text",
    "result_to_json",
    "verification_metrics",
    "write_evaluation",
]
