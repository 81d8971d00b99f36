"""A guess before the answer: what one has predicted, one remembers."""

from collections.abc import Sequence


def compare(guess: float | None, answer: float, what: str, unit: str = "%") -> None:
    """Print a reader's guess beside what came out.

    Args:
        guess: None where the reader made none.
        answer: what was measured.
        what: of what.
        unit: of both; empty for a plain number.

    >>> compare(None, 81.24, "rank-1")
    rank-1: 81.2 %. You made no guess; make one next time, it costs nothing.
    >>> compare(60, 81.24, "rank-1")
    rank-1: 81.2 %. You guessed 60 %, which is 21.2 too low.
    """
    unit = f" {unit}" if unit else ""
    told = f"{what}: {_short(answer)}{unit}."
    if guess is None:
        print(f"{told} You made no guess; make one next time, it costs nothing.")
        return
    away = guess - answer
    verdict = f"which is {_short(abs(away))} too {'high' if away > 0 else 'low'}."
    if abs(away) < 0.05 * max(abs(answer), 1):
        verdict = "close!"
    print(f"{told} You guessed {guess:g}{unit}, {verdict}")


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def compare_with_published(rows: Sequence[tuple[str, float, tuple[float, float] | None]]) -> None:
    """Print figures in percent, each beside the band that was published for it.

    Args:
        rows: name, what came out, and the lowest and highest figure to expect; None where nothing was published.

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
