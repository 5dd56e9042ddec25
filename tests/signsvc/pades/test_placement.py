"""Seen rectangles and stored ones belong together, whatever the page's rotation, crop and unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signsvc.pades.placement import PageView, place

SIDES = st.floats(50, 2000)
SHARES = st.floats(0, 0.4)


@given(
    left=st.floats(-500, 500),
    bottom=st.floats(-500, 500),
    width=SIDES,
    height=SIDES,
    rotate=st.sampled_from([0, 90, 180, 270]),
    unit=st.floats(0.5, 10),
    x=SHARES,
    y=SHARES,
    share=st.floats(0.2, 0.5),
)
def test_the_stored_rectangle_is_seen_where_it_was_asked(
    left: float,
    bottom: float,
    width: float,
    height: float,
    rotate: int,
    unit: float,
    x: float,
    y: float,
    share: float,
) -> None:
    view = PageView((left, bottom, left + width, bottom + height), rotate, unit)
    seen_width, seen_height = view.seen_size
    asked = (
        x * seen_width,
        y * seen_height,
        (x + share) * seen_width,
        (y + share) * seen_height,
    )
    placed = place(view, asked)
    assert left - 1e-6 <= placed.rect[0] < placed.rect[2] <= left + width + 1e-6
    assert bottom - 1e-6 <= placed.rect[1] < placed.rect[3] <= bottom + height + 1e-6
    assert _as_seen(view, placed.rect) == pytest.approx(asked, abs=1e-6)
    assert placed.size == pytest.approx((share * seen_width, share * seen_height))


def _as_seen(view: PageView, rect: tuple[float, float, float, float]) -> tuple[float, ...]:
    """Turn the page clockwise, as a reader does (ISO 32000-1 Table 30), a quarter at a time."""
    width, height = view.crop[2] - view.crop[0], view.crop[3] - view.crop[1]
    corners = [
        (rect[0] - view.crop[0], rect[1] - view.crop[1]),
        (rect[2] - view.crop[0], rect[3] - view.crop[1]),
    ]
    for _ in range(view.rotate // 90):
        corners = [(y, width - x) for x, y in corners]
        width, height = height, width
    xs, ys = zip(*corners, strict=True)
    return tuple(view.user_unit * side for side in (min(xs), min(ys), max(xs), max(ys)))
