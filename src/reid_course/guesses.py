"""Compare a reader's guess, or published numbers, with a measured result."""

from collections.abc import Sequence


def compare_guess(guess: float | None, result: float, what: str, unit: str = "%") -> None:
    """Print a result, and a reader's guess beside it.

    Args:
        guess: The guess; None = the reader made none.
        result: The measured value.
        what: Name of the measured value.
        unit: Unit of both; empty for a plain number.

    >>> compare_guess(None, 81.24, "rank-1")
    rank-1: 81.2 %.
    >>> compare_guess(60, 81.24, "rank-1")
    rank-1: 81.2 %. You guessed 60 %, which is 21.2 too low.
    """
    unit = f" {unit}" if unit else ""
    text = f"{what}: {_short(result)}{unit}."
    if guess is None:
        print(text)
        return
    error = guess - result
    verdict = f"which is {_short(abs(error))} too {'high' if error > 0 else 'low'}."
    if abs(error) < 0.05 * max(abs(result), 1):
        verdict = "close!"
    print(f"{text} You guessed {guess:g}{unit}, {verdict}")


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def compare_with_published(rows: Sequence[tuple[str, float, tuple[float, float] | None]]) -> None:
    """Print results in percent, each beside the published range.

    Args:
        rows: Name, result, and the lowest and highest value to expect (None where nothing was published).

    >>> compare_with_published([("rank-1", 73.1, (72.5, 74.0)), ("mAP", 44.0, None)])
    rank-1   73.1   published 72.5 to 74.0: within
    mAP      44.0
    """
    for name, value, band in rows:
        if band is None:
            print(f"{name:8s} {value:5.1f}")
            continue
        low, high = band
        verdict = "within" if low <= value <= high else "below" if value < low else "above"
        print(f"{name:8s} {value:5.1f}   published {low:.1f} to {high:.1f}: {verdict}")
