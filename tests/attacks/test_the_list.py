"""The list in README.md is what is collected: no attack without a line, no line without an attack."""

import re
from pathlib import Path

HERE = Path(__file__).parent
AT_LEAST = 60


def test_every_attack_is_listed_and_every_line_is_an_attack() -> None:
    listed = set(re.findall(r"`(test_[a-z0-9_]+)`", (HERE / "README.md").read_text("utf-8")))
    written = {
        name
        for file in HERE.glob("test_*.py")
        if file.name != Path(__file__).name
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    assert listed == written
    assert len(written) >= AT_LEAST
