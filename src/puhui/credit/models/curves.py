"""What the pages of models and of populations are drawn with: axes, and lines on them, as SVG."""

from collections.abc import Sequence
from html import escape

from puhui.kernel.language import Text

SIZE = 300
EDGE = 36
GREEN, RED, GREY, GOLD = "#2f7d4f", "#a3312f", "#9aa09c", "#c9a227"


def plot(inside: str, across: Text, up: Text, most: float = 1.0, most_up: float | None = None) -> str:
    """Return axes from 0 to `most` across and `most_up` (or `most`) up, in percent, with what is drawn inside."""
    marks = []
    for step in range(5):
        share = step / 4
        right, high = _percent(share * most, most), _percent(share * (most_up or most), most_up or most)
        x, y = EDGE + share * SIZE, 10 + SIZE - share * SIZE
        marks.append(
            f"<line x1='{x:.1f}' y1='10' x2='{x:.1f}' y2='{10 + SIZE}' class='grid'/>"
            f"<line x1='{EDGE}' y1='{y:.1f}' x2='{EDGE + SIZE}' y2='{y:.1f}' class='grid'/>"
            f"<text x='{x:.1f}' y='{SIZE + 24}' text-anchor='middle'>{right}</text>"
            f"<text x='{EDGE - 4}' y='{y + 3:.1f}' text-anchor='end'>{high}</text>"
        )
    label = f"{up.zh} / {across.zh}"
    middle, bottom = EDGE + SIZE / 2, SIZE + 40
    return (
        f"<svg viewBox='0 0 {EDGE + SIZE + 16} {SIZE + 44}' role='img' aria-label='{escape(label)}'>"
        f"{''.join(marks)}{inside}"
        f"<text x='{middle}' y='{bottom}' text-anchor='middle'>{escape(across.zh)} {escape(across.en)}</text>"
        f"<text x='{EDGE + 6}' y='22'>↑ {escape(up.zh)} {escape(up.en)}</text></svg>"
    )


def at(x: float, y: float, most: float = 1.0, most_up: float | None = None) -> tuple[float, float]:
    """Return where a point of the axes of `plot` lies in the drawing."""
    return EDGE + x / most * SIZE, 10 + SIZE - y / (most_up or most) * SIZE


def polyline(
    xs: Sequence[float],
    ys: Sequence[float],
    colour: str,
    most: float = 1.0,
    dashed: bool = False,
    most_up: float | None = None,
) -> str:
    """Return a line through points of 0 to `most`, as `plot` has its axes."""
    places = [at(x, y, most, most_up) for x, y in zip(xs, ys, strict=True)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = " stroke-dasharray='4 4'" if dashed else ""
    return f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='2'{dash}/>"


def percent(share: float | None) -> str:
    """Return a share as percent; a dash where there is none."""
    return "—" if share is None else f"{share:.2%}"


def _percent(share: float, most: float) -> str:
    return f"{share:.0%}" if most >= 0.4 else f"{share:.1%}"
