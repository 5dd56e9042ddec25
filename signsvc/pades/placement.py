"""Where on a page a visible signature stands: from the page as it is seen to the page as it is stored.

A caller gives a rectangle in points on the page as a reader sees it, origin bottom left, after /Rotate,
/CropBox and /UserUnit. The annotation wants default user space (ISO 32000-1 §8.3.2.3, §12.5.5).
"""

import math
from dataclasses import dataclass

from signsvc.pades.errors import PlacementImpossible

Rectangle = tuple[float, float, float, float]

MIN_SIDE = 4.0
_TOLERANCE = 0.5
# The appearance is turned against the page's rotation, so that it is upright when seen.
_UPRIGHT = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@dataclass(frozen=True, slots=True)
class PageView:
    """How a page is seen. ``crop`` in default user space, corners in order; ``rotate`` 0, 90, 180, 270."""

    crop: Rectangle
    rotate: int = 0
    user_unit: float = 1.0

    @property
    def seen_size(self) -> tuple[float, float]:
        """Width and height as seen, in points."""
        width = (self.crop[2] - self.crop[0]) * self.user_unit
        height = (self.crop[3] - self.crop[1]) * self.user_unit
        return (height, width) if self.rotate in (90, 270) else (width, height)


@dataclass(frozen=True, slots=True)
class Placement:
    """``rect`` for the annotation (user space); ``matrix`` and ``size`` for its appearance (seen points)."""

    rect: Rectangle
    matrix: tuple[int, int, int, int]
    size: tuple[float, float]


def place(view: PageView, seen: Rectangle) -> Placement:
    """Find the annotation's rectangle for one on the seen page.

    Raises PlacementImpossible when it is not on the page, or has no room.
    """
    x1, x2 = sorted((seen[0], seen[2]))
    y1, y2 = sorted((seen[1], seen[3]))
    width, height = view.seen_size
    inside = (
        x1 >= -_TOLERANCE and y1 >= -_TOLERANCE and x2 <= width + _TOLERANCE and y2 <= height + _TOLERANCE
    )
    if not inside or not all(math.isfinite(side) for side in seen):
        raise PlacementImpossible(
            f"Khung chữ ký nằm ngoài trang: trang rộng {width:.0f} và cao {height:.0f} điểm.",
            f"The signature's rectangle lies outside of its page of {width:.0f} by {height:.0f} points.",
        )
    if x2 - x1 < MIN_SIDE or y2 - y1 < MIN_SIDE:
        raise PlacementImpossible(
            f"Khung chữ ký quá nhỏ: mỗi cạnh ít nhất {MIN_SIDE:.0f} điểm.",
            f"The signature's rectangle is too small: each side needs {MIN_SIDE:.0f} points at least.",
        )
    first = _to_user_space(view, x1, y1)
    second = _to_user_space(view, x2, y2)
    rect = (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[0], second[0]),
        max(first[1], second[1]),
    )
    return Placement(rect=rect, matrix=_UPRIGHT[view.rotate], size=(x2 - x1, y2 - y1))


def _to_user_space(view: PageView, x: float, y: float) -> tuple[float, float]:
    left, bottom, right, top = view.crop
    x, y = x / view.user_unit, y / view.user_unit
    if view.rotate == 90:
        return right - y, bottom + x
    if view.rotate == 180:
        return right - x, top - y
    if view.rotate == 270:
        return left + y, top - x
    return left + x, bottom + y
