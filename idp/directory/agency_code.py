"""Codes of state agencies, in the order of Quyết định 20/2020/QĐ-TTg and in the older one of QCVN 102:2016.

New: groups separated by dots, the highest on the left, at most 35 characters: ``H47.12.3``. Old: four
groups of 3, 2, 2 digits and the province, the highest on the right, zeros for what is not there:
``003.00.12.H47``. The province's first group is a letter A to Y and two digits.
"""

import re

from idp.errors import DirectoryRefused

MAX_LENGTH = 35
_NEW = re.compile(r"[A-Y][0-9]{2}(\.[0-9A-Z]{1,5})*", re.ASCII)
_OLD = re.compile(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Y][0-9]{2}", re.ASCII)
_OLD_WIDTHS = (2, 2, 3)  # of the levels below the province, from the highest


def read_agency_code(written: str) -> str:
    """The code in the new order, whichever order it was written in.

    Groups of zeros at the end of an old code say "nothing below" and are dropped; those in the middle stay,
    so that two agencies never become one. Raises DirectoryRefused.
    """
    code = written.strip().upper()
    if _OLD.fullmatch(code):
        groups = code.split(".")[::-1]
        while len(groups) > 1 and not groups[-1].strip("0"):
            groups.pop()
        return ".".join(groups)
    if len(code) <= MAX_LENGTH and _NEW.fullmatch(code):
        return code
    raise DirectoryRefused(
        f"Mã cơ quan không đúng cấu trúc: {written[:40]!r}. Ví dụ đúng: H47.12.3 hoặc 000.00.12.H47.",
        f"Not an agency code: {written[:40]!r}. Right ones: H47.12.3 or 000.00.12.H47.",
    )


def old_agency_code(code: str) -> str:
    """The same agency in the old order. Raises DirectoryRefused when that has no room for it."""
    root, *below = read_agency_code(code).split(".")
    fits = len(below) <= len(_OLD_WIDTHS) and all(
        group.isdigit() and len(group) <= width for group, width in zip(below, _OLD_WIDTHS, strict=False)
    )
    if not fits:
        raise DirectoryRefused(
            f"Mã {code} không viết được theo cấu trúc cũ.", f"{code} cannot be written in the old order."
        )
    padded = [
        (below[level] if level < len(below) else "").zfill(width) for level, width in enumerate(_OLD_WIDTHS)
    ]
    return ".".join([*padded[::-1], root])


def parent_code(code: str) -> str:
    """The agency above, or "" for the province itself."""
    return code.rpartition(".")[0]


def is_below(code: str, ancestor: str) -> bool:
    """Whether ``code`` is ``ancestor`` or an agency below it; both in the new order."""
    return code == ancestor or code.startswith(f"{ancestor}.")


def tier(code: str) -> int:
    """1 for the province, 2 for a department or a commune, 3 for a unit of one, and so on."""
    return code.count(".") + 1
