"""Usernames: what people type at the login page."""

import re
import unicodedata

from idp.errors import DirectoryRefused

_ALLOWED = re.compile(r"[a-z0-9][a-z0-9._@-]{1,99}", re.ASCII)


def fold_username(typed: str) -> str:
    """As it is stored and compared: NFKC, lower case, no blanks around it."""
    return unicodedata.normalize("NFKC", typed).strip().lower()


def check_username(typed: str) -> str:
    """The folded name. Raises DirectoryRefused: letters without accents, digits and ``. _ @ -`` only."""
    folded = fold_username(typed)
    if not _ALLOWED.fullmatch(folded):
        raise DirectoryRefused(
            "Tên đăng nhập gồm 2 đến 100 chữ không dấu, chữ số và các dấu . _ @ -.",
            "A username has 2 to 100 letters without accents, digits and . _ @ - only.",
        )
    return folded
