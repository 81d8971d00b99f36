"""Check the answers to awkward inputs: `python tools/check_cases.py FOLDER` prints a line per case.

FOLDER holds small drawn inputs, each of them the situation of a public bug report; two more are made here, because
their names are awkward. Every case calls the program from outside, as its users do. The exit status is 1 if an answer
is wrong.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

MAIN = Path(__file__).parents[1] / "src" / "main.py"
LIMIT_S = 600  # an endless loop is a wrong answer
GALLERY_PEOPLE = ("0005", "0006", "0007", "0008")
RED, BLUE = (200, 30, 30), (30, 60, 200)  # clothes of the two people in the drawn sequences


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run one command of the program."""
    command = [sys.executable, str(MAIN), *map(str, arguments)]
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no answer within {LIMIT_S} s")


def is_refused(done: subprocess.CompletedProcess[str], *words: str) -> str:
    """Return what is wrong unless the program ended with 1 and a message that contains `words`."""
    lines = done.stderr.strip().splitlines()
    if done.returncode != 1 or "Traceback" in done.stderr:
        return f"status {done.returncode}: {(done.stderr or done.stdout)[-200:]}"
    return "" if all(word in " ".join([*lines, done.stdout]) for word in words) else f"says only: {lines[-1:]}"


def refused_layout(folder: Path, *words: str) -> str:
    """Check that neither `doctor` nor `evaluate` takes split folders for people."""
    return is_refused(call("doctor", "--root", folder), *words) or is_refused(
        call("evaluate", "--root", folder), *words
    )


def read_as_splits(folder: Path, out: Path, gallery: int, *options: str) -> str:
    """Check the numbers of queries and gallery images, and that `identify` names a person and not a folder."""
    result = out / "result.json"
    done = call("evaluate", "--root", folder, "--json", result, *options)
    if done.returncode:
        return done.stderr.strip()[-200:]
    counts = json.loads(result.read_text())
    if (counts["queries"], counts["gallery"]) != (4, gallery):
        return f"{counts['queries']} queries and {counts['gallery']} gallery images"
    query = next((folder / "query").rglob("*.jpg"))
    done = call("identify", "--gallery-dir", folder, "--query", query, "--json", result, *options)
    if done.returncode:
        return done.stderr.strip()[-200:]
    candidates = json.loads(result.read_text())["answers"][0]["candidates"]
    people = {candidate["person_id"] for candidate in candidates}
    known = {file.name[:4] for file in folder.rglob("*.jpg") if file.name[:4] in GALLERY_PEOPLE}
    return "" if people and people <= known else f"the people are called {', '.join(sorted(people))}"


def cut_sequence(folder: Path, out: Path, every: int, crops: int, note: str = "") -> str:
    """Check that every crop shows the person of its label, that is, comes from the image of that number."""
    done = call("data", "cut", "--root", folder, "--out", out / "crops", "--every", every)
    files = sorted((out / "crops").rglob("*.jpg"))
    if done.returncode or len(files) != crops:
        return f"{len(files)} crops: {done.stderr.strip()[-200:]}"
    for file in files:
        image = np.asarray(cv2.imread(str(file)))
        color = np.median(image.reshape(-1, 3), axis=0)[::-1]
        wanted = RED if int(file.name[:4]) == 1 else BLUE
        coverage = (np.abs(image[..., ::-1].astype(int) - wanted).max(-1) < 60).mean()
        if coverage < 0.9:
            return f"{file.name} shows {color.round()}, {coverage:.0%} of it the person"
    return "" if note in done.stderr + done.stdout else f"no note on {note}"


def capture_times(video: Path, out: Path) -> str:
    """Check that the stored times are the presentation timestamps."""
    store = out / f"{video.name}.db"
    truth = out / "boxes.txt"
    truth.write_text("".join(f"{frame},-1,10,10,40,80,1,-1,-1,-1\n" for frame in range(1, 21)))
    detector = ("--set", "detector.name=mot_file", "--set", f"detector.weights={truth}")
    done = call("extract", "--input", video, "--set", f"store.url=sqlite:///{store}", *detector)
    if done.returncode:
        return done.stderr.strip()[-200:]
    with sqlite3.connect(store) as connection:
        times = sorted(row[0] for row in connection.execute("SELECT time_s FROM frames"))
    seconds = [round(time - times[0], 2) for time in times]
    wanted = [2.0 * i for i in range(11)] + [round(20 + 0.1 * i, 2) for i in range(1, 10)]
    return "" if seconds == wanted else f"times {seconds[:3]} … {seconds[-1:]}"


def mirrored_video(video: Path, out: Path) -> str:
    """Check that the red person stands in the upper left corner, as ffmpeg shows it."""
    boxes = out / "boxes.txt"
    boxes.write_text("1,-1,20,40,41,111,1,-1,-1,-1\n")
    settings = {
        "input.frames_path": video,
        "detector.name": "mot_file",
        "detector.weights": boxes,
        "embedder.name": "osnet_x0_25",
        "embedder.weights": "embedded",
        "input.max_frames": 2,
        "output.folder": out / "run",
    }
    call(*(part for key, value in settings.items() for part in ("--set", f"{key}={value}")))
    capture = cv2.VideoCapture(str(out / "run" / "annotated.mp4"))
    found, frame = capture.read()
    if not found:
        return "no video was written"
    patch = frame[70:120, 30:50, ::-1].reshape(-1, 3).mean(0)
    return "" if np.abs(patch - RED).max() < 60 else f"color {patch.round()} where the red person stands"


def half_precision(folder: Path, out: Path) -> str:
    """Check that the float16 and the float32 file of one network give the same distance."""
    images = sorted((folder / "train_query_gallery" / "query").glob("*.jpg"))[:2]
    distances = []
    for name in ("fp16_input.onnx", "fp32_input.onnx"):
        for backend in ("onnx", "openvino"):
            options = ("--onnx", folder / name, "--backend", backend, "--json", out / "result.json")
            done = call("verify", "--img1", images[0], "--img2", images[1], *options)
            if done.returncode:
                return f"{name} with {backend}: {done.stderr.strip()[-200:]}"
            distances.append(json.loads((out / "result.json").read_text())["distance"])
    return "" if np.ptp(distances) < 0.02 else f"distances {distances}"


def checkpoint(folder: Path, name: str) -> str:
    """Check that a wrapped checkpoint loads, or that its keys are listed."""
    images = sorted((folder / "train_query_gallery" / "query").glob("*.jpg"))[:2]
    done = call("verify", "--img1", images[0], "--img2", images[1], "--weights", folder / name)
    return "" if done.returncode == 0 else done.stderr.strip()[-200:]


def undecodable_names(folder: Path, out: Path) -> str:
    """Check that results are kept where file names are not UTF-8."""
    root = Path(os.fsdecode(os.fsencode(out) + b"/caf\xe9"))
    for name in ("query", "bounding_box_test"):
        shutil.copytree(folder / "test_only" / name, root / name)
    for file in list(root.rglob("*.jpg")):
        file.rename(os.fsdecode(os.fsencode(file)[:-4] + b"\xe9.jpg"))
    done = call("evaluate", "--root", root, "--json", out / "result.json", "--report", out / "report")
    if done.returncode or "Traceback" in done.stderr:
        return done.stderr.strip()[-200:]
    return "" if json.loads((out / "result.json").read_text())["queries"] == 4 else "the result has no queries"


def linked_images(folder: Path, out: Path) -> str:
    """Check that a symbolic link to a hashed file is known by its own name."""
    for file in (folder / "test_only").rglob("*.jpg"):
        blob = out / "blobs" / f"{abs(hash(file.name)):x}"
        blob.parent.mkdir(exist_ok=True)
        shutil.copy(file, blob)
        link = out / "linked" / file.relative_to(folder / "test_only")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    done = call("evaluate", "--root", out / "linked", "--save-features", out / "embeddings.npz")
    if done.returncode:
        return done.stderr.strip()[-200:]
    done = call("evaluate", "--root", folder / "test_only", "--features", out / "embeddings.npz")
    return done.stderr.strip()[-200:] if done.returncode else ""


def cases(folder: Path) -> dict[str, Callable[[Path], str]]:
    """Return the check of each case; it takes an empty folder and returns what is wrong, or nothing."""
    return {
        "msmt17_without_lists": lambda out: refused_layout(folder / "msmt17_without_lists", "MSMT17", "list_"),
        "market_without_query": lambda out: refused_layout(folder / "market_without_query", "Market-1501", "query"),
        "cuhk03_np": lambda out: refused_layout(folder / "cuhk03_np", "detected", "labeled"),
        "train_query_gallery": lambda out: read_as_splits(folder / "train_query_gallery", out, 20),
        "layumi_pytorch": lambda out: read_as_splits(folder / "layumi_pytorch", out, 20),
        "test_only": lambda out: read_as_splits(folder / "test_only", out, 20),
        "test_only as Market-1501": lambda out: read_as_splits(
            folder / "test_only", out, 20, "--dataset", "market1501"
        ),
        "mot_exif": lambda out: cut_sequence(folder / "mot_exif", out, 10, 4),
        "mot_gap": lambda out: cut_sequence(folder / "mot_gap", out, 1, 30, "missing"),
        "vfr.mkv": lambda out: capture_times(folder / "vfr.mkv", out),
        "vfr.mp4": lambda out: capture_times(folder / "vfr.mp4", out),
        "mirrored_front_camera.mp4": lambda out: mirrored_video(folder / "mirrored_front_camera.mp4", out),
        "fp16_input.onnx": lambda out: half_precision(folder, out),
        "torch_compile.pth": lambda out: checkpoint(folder, "torch_compile.pth"),
        "net_dict.t7": lambda out: checkpoint(folder, "net_dict.t7"),
        "names that are not UTF-8": lambda out: undecodable_names(folder, out),
        "linked images": lambda out: linked_images(folder, out),
    }


def main() -> int:
    """Print a line per case; return 1 if an answer is wrong."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print("usage: python tools/check_cases.py FOLDER", file=sys.stderr)
        return 2
    wrong = 0
    for name, check in cases(Path(sys.argv[1]).resolve()).items():
        with tempfile.TemporaryDirectory() as out:
            problem = check(Path(out))
        wrong += bool(problem)
        print(f"{'wrong' if problem else 'right'}  {name}{': ' + problem if problem else ''}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
