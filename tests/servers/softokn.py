"""NSS softokn for tests: a second, independent PKCS#11 module, with one database a test session.

A process can give NSS one configuration directory only, so there is one token; tests tell their keys
apart by label.
"""

import subprocess
from pathlib import Path

import pytest

from hsm.token.token import TokenSettings

_MODULES = ("/usr/lib/x86_64-linux-gnu/libsoftokn3.so", "/usr/lib/aarch64-linux-gnu/libsoftokn3.so")


@pytest.fixture(scope="session")
def softokn_settings(tmp_path_factory: pytest.TempPathFactory) -> TokenSettings:
    """What ``Token.open`` takes for this test session's NSS token."""
    module = next((Path(path) for path in _MODULES if Path(path).exists()), None)
    if module is None:
        pytest.fail("libsoftokn3.so is missing: apt-get install libnss3")
    root = tmp_path_factory.mktemp("softokn")
    database, pin_file = root / "nssdb", root / "pin"
    database.mkdir()
    pin_file.write_text("pin-of-nss-4815\n")
    try:
        subprocess.run(["certutil", "-N", "-d", f"sql:{database}", "-f", str(pin_file)], check=True)
    except FileNotFoundError:
        pytest.fail("certutil is missing: apt-get install libnss3-tools")
    return TokenSettings(
        module=module,
        vendor="softokn",
        token_label="NSS",
        pin_file=pin_file,
        nss_config_dir=database,
    )
