"""Named profiles in a TOML file: which service, as which client, with which key.

The file is ``--config``, else ``$ANTIN_CONFIG``, else ``~/.config/antin/config.toml`` (or below
``$XDG_CONFIG_HOME``). Paths in it are relative to it. It holds no secret: the key is a file of its own.
"""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from antin.client import Client
from antin.errors import ConfigError
from antin.keys import load_key

EXAMPLE = """\
default_profile = "tinh"

[profiles.tinh]
base_url = "https://ky.tinh.example"              # dịch vụ ký số / the signing service
issuer = "https://dinhdanh.tinh.example"          # máy chủ định danh / the identity provider
client_id = "motcua"
key_file = "motcua.jwk"                           # antin keys new motcua.jwk
credential_id = "con-dau-ubnd"                    # mặc định của antin sign / default of antin sign
verifier_key = "ky.tinh.example/journal+0123abcd+BASE64"   # khóa nhật ký, nhận ngoài kênh / out of band
"""

_PATHS = ("key_file", "ca_file")


@dataclass(frozen=True, slots=True)
class Profile:
    """One service, as one client. Only ``base_url`` is needed to verify."""

    base_url: str = ""
    issuer: str = ""
    client_id: str = ""
    key_file: str = ""
    key_id: str = ""
    credential_id: str = ""
    verifier_key: str = ""
    resource: str = ""
    ca_file: str = ""
    algorithm: str = ""
    allow_http: bool = False

    def client(self, *, longest_wait: float = 600.0) -> Client:
        """Open a client. Raises ConfigError."""
        if not self.base_url:
            raise ConfigError(
                "Chưa có base_url trong cấu hình. Xem mẫu: antin config --example",
                "The configuration has no base_url. For an example: antin config --example",
            )
        return Client(
            self.base_url,
            self.issuer,
            self.client_id,
            load_key(self.key_file, self.key_id) if self.key_file else None,
            verifier_key=self.verifier_key,
            resource=self.resource,
            allow_http=self.allow_http,
            ca_file=self.ca_file or None,
            longest_wait=longest_wait,
        )


def config_path(given: Path | None = None) -> Path:
    """The configuration file that is used; it need not exist."""
    if given is not None:
        return given
    if named := os.environ.get("ANTIN_CONFIG"):
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "antin" / "config.toml"


def load_profiles(path: Path) -> tuple[str, dict[str, Profile]]:
    """The default profile's name and all profiles. Raises ConfigError naming the file and the fault."""
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"Không đọc được cấu hình {path}: {error.strerror}. Xem mẫu: antin config --example",
            f"Cannot read the configuration {path}: {error.strerror}. For an example: antin config --example",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(path, str(error)) from error
    tables = read.get("profiles", {})
    if not isinstance(tables, dict) or not tables:
        raise _wrong(path, "no [profiles.NAME]")
    profiles = {name: _profile(path, name, table) for name, table in tables.items()}
    default = read.get("default_profile", next(iter(profiles)))
    if default not in profiles:
        raise _wrong(path, f"default_profile {default!r} is no profile")
    return default, profiles


def load_profile(path: Path, name: str = "") -> Profile:
    """One profile, the default unless named."""
    default, profiles = load_profiles(path)
    profile = profiles.get(name or default)
    if profile is None:
        raise _wrong(path, f"no profile {name!r}; there are {', '.join(profiles)}")
    return profile


def _profile(path: Path, name: str, table: object) -> Profile:
    if not isinstance(table, dict):
        raise _wrong(path, f"profiles.{name} is not a table")
    kinds: dict[str, Any] = {field.name: field.type for field in fields(Profile)}
    for member, value in table.items():
        if member not in kinds:
            raise _wrong(path, f"profiles.{name}: unknown {member}; known: {', '.join(kinds)}")
        if not isinstance(value, kinds[member]):
            raise _wrong(path, f"profiles.{name}.{member} must be a {kinds[member].__name__}")
    located = {
        member: str(path.parent / Path(table[member]).expanduser()) for member in _PATHS if table.get(member)
    }
    return Profile(**(table | located))


def _wrong(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"Cấu hình {path} sai: {reason}. Xem mẫu: antin config --example",
        f"The configuration {path} is wrong: {reason}. For an example: antin config --example",
    )
