"""A calibrated operating point in words."""

from learning_reid.embedding.operating_point import OperatingPoint
from learning_reid.io.markdown import markdown_table, percent


def operating_point_text(point: OperatingPoint) -> str:
    """The thresholds and what they were worth on the measuring half, in percent."""
    table = markdown_table(
        [f"{point.embedder}, {point.metric}", "at most", "wrong wanted", "wrong", "right"],
        [
            [
                "two crops, one person?",
                f"{point.pair_threshold:.4f}",
                percent(point.pair_far_wanted),
                percent(point.pair_far),
                percent(point.pair_tar),
            ],
            [
                "who of the gallery, or nobody?",
                f"{point.search_threshold:.4f}",
                percent(point.search_far_wanted),
                percent(point.search_far),
                percent(point.search_dir),
            ],
        ],
    )
    chose, measured = point.persons
    return (
        f"{table}\n\n"
        "In percent. Wrong: impostor pairs accepted (FAR), searches for an absent person that name somebody. Right: "
        "genuine pairs accepted (TAR), searches for a present person that name them (DIR).\n"
        f"{chose} persons chose the thresholds, {measured} others measured them, in a gallery of {point.gallery} "
        "pictures; in a larger one a stranger finds a look-alike more often.\n"
        f"On pairs: equal error rate {percent(point.eer)}; {percent(point.fpr_at_95)} accepted wrongly where 95 % are "
        "accepted rightly (FPR@95)."
    )
