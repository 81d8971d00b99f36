"""Report of the persons that clustering found, as text and for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from learning_reid.tracking.identities import Clustering, DetectionTable
    from learning_reid.tracking.scoring import ClusteringScores


def format_persons(
    detections: DetectionTable, clustering: Clustering, origin: str, scores: ClusteringScores | None = None
) -> str:
    """Format the result of a clustering: counts, threshold and, with a ground truth, scores in percent.

    Args:
        detections: What was clustered.
        clustering: From `cluster_detections`.
        origin: Where the threshold comes from.
        scores: From `score_clustering`.
    """
    several = int(((_count_by_camera(detections, clustering) > 0).sum(axis=1) > 1).sum())
    cameras = len(set(detections.camera.tolist()))
    unassigned = int((clustering.person < 0).sum())
    lines = [
        f"{'detections':<16}{len(detections):,}, of {cameras} {'camera' if cameras == 1 else 'cameras'}",
        f"{'tracklets':<16}{int(clustering.tracklet.max()) + 1:,}",
        f"{'persons':<16}{clustering.persons:,}, {several:,} of them seen by several cameras",
        f"{'threshold':<16}{clustering.threshold:.4f}, {origin}",
        f"{'unassigned':<16}{unassigned:,} detections, of people with fewer than 3",
    ]
    if scores is not None:
        identities, pairs = scores.identities, scores.pairs
        lines += [
            "",
            "in percent, compared with the ground truth",
            f"{'IDF1':<16}{100 * identities.idf1:.1f}  (precision {100 * identities.idp:.1f}, recall "
            f"{100 * identities.idr:.1f}; {identities.persons} persons for {identities.true_persons} true ones)",
            f"{'one-to-one IDF1':<16}{100 * scores.idf1_one_to_one:.1f}  each detection matches at most one true box",
            f"{'pairwise F1':<16}{100 * pairs.f1:.1f}  (precision {100 * pairs.precision:.1f}, "
            f"recall {100 * pairs.recall:.1f})",
            f"{'purity':<16}{100 * scores.tracklet_purity:.1f}  of {scores.tracklets} tracklets",
            f"{'detector':<16}{100 * scores.found:.1f} of the true boxes found; {100 * scores.false_alarms:.1f} of the "
            "detections are false positives",
        ]
    return "\n".join(lines)


def persons_as_json(
    detections: DetectionTable, clustering: Clustering, numbers: np.ndarray, scores: ClusteringScores | None = None
) -> dict[str, Any]:
    """Return the result of a clustering as a dictionary for JSON; `numbers` are the ids of its persons."""
    persons = []
    for row, counts in enumerate(_count_by_camera(detections, clustering)):
        times = detections.time_s[clustering.person == row]
        cameras = {name: int(count) for name, count in zip(detections.cameras, counts, strict=True) if count}
        persons.append({"person": int(numbers[row]), "cameras": cameras, "first_s": times.min(), "last_s": times.max()})
    return {
        "detections": len(detections),
        "tracklets": int(clustering.tracklet.max()) + 1,
        "persons": persons,
        "seen_by_several_cameras": sum(len(person["cameras"]) > 1 for person in persons),
        "nobody": int((clustering.person < 0).sum()),
        "truth": None if scores is None else scores.as_json(),
    }


def _count_by_camera(detections: DetectionTable, clustering: Clustering) -> np.ndarray:
    """Return the (persons, cameras) int64 numbers of detections."""
    counts = np.zeros((clustering.persons, len(detections.cameras)), np.int64)
    assigned = clustering.person >= 0
    np.add.at(counts, (clustering.person[assigned], detections.camera[assigned]), 1)
    return counts
