"""Settings that must not stand together."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from hsm.settings import Settings


def test_software_passkeys_administer_only_when_it_is_said(tmp_path: Path) -> None:
    assert Settings(pin_file=tmp_path, training="accept").software_administration == "refuse"
    assert Settings(pin_file=tmp_path, training="accept", software_administration="accept")


@pytest.mark.parametrize("real", [{"training": "refuse"}, {"vendor": "thales-luna"}], ids=str)
def test_they_never_do_beside_a_real_token_or_real_credentials(tmp_path: Path, real: dict[str, str]) -> None:
    given = {"training": "accept", "software_administration": "accept", "pin_file": tmp_path} | real
    with pytest.raises(ValidationError, match="for development"):
        Settings.model_validate(given)
