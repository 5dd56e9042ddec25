"""Leave documents out of what is to be approved: the same act, without their items.

The person chooses among what was asked, and nothing else: positions come in, the act is made here anew. Its
digest is another one, so an approval of the one is none of the other; the key process sees to that.
"""

from collections.abc import Sequence
from dataclasses import replace

from hsm.client import parse_sign_act
from signsvc.errors import RequestRefused


def choose(act: bytes, kept: Sequence[int]) -> bytes:
    """The act with the items at ``kept`` (from 0) alone, in the act's own order. Raises RequestRefused."""
    asked = parse_sign_act(act)
    if not kept:
        raise RequestRefused(
            "Chưa chọn văn bản nào. Hãy chọn ít nhất một văn bản, hoặc bấm không ký.",
            "No document is chosen. Choose at least one, or choose not to sign.",
        )
    chosen = set(kept)
    if len(chosen) != len(kept) or not chosen <= set(range(len(asked.items))):
        raise RequestRefused(
            "Lựa chọn không đúng: có văn bản không được yêu cầu, hoặc được chọn hai lần. Hãy tải lại trang.",
            "The choice is not right: a document that was not asked for, or one chosen twice. "
            "Reload the page.",
        )
    if len(chosen) == len(asked.items):
        return act
    return replace(asked, items=tuple(asked.items[position] for position in sorted(chosen))).encode()


def left_out(asked: bytes, approved: bytes) -> tuple[int, ...]:
    """Positions (from 0) of the items that are not in what was approved."""
    if asked == approved:
        return ()
    remaining = list(reversed(parse_sign_act(approved).items))
    missing = []
    for position, item in enumerate(parse_sign_act(asked).items):
        if remaining and remaining[-1] == item:
            remaining.pop()
        else:
            missing.append(position)
    return tuple(missing)


def as_ranges(positions: Sequence[int]) -> str:
    """Counted from 1, as people do: ``1,3-5``; ``positions`` from 0, in order."""
    spans: list[list[int]] = []
    for position in positions:
        if spans and spans[-1][1] == position - 1:
            spans[-1][1] = position
        else:
            spans.append([position, position])
    return ",".join(str(a + 1) if a == b else f"{a + 1}-{b + 1}" for a, b in spans)
