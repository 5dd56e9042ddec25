"""An upstream and its quirks: ``upstreams.toml``, and over it the deployment's own file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from idp.errors import IdpError

_SHIPPED = Path(__file__).with_name("upstreams.toml")
_CHOICES = {
    "nonce": ("required", "when_given"),
    "id_token": ("required", "when_given"),
    "userinfo": ("bearer", "token_in_url"),
    "auth_time": ("required", "when_given"),
}


@dataclass(frozen=True, slots=True)
class UpstreamProfile:
    """As ``upstreams.toml`` describes it. ``claims``: our name to theirs; ``values``: our word to theirs."""

    name: str
    title_vi: str
    title_en: str
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    client_id: str
    client_secret: str = field(repr=False)
    claims: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]
    jwks_uri: str = ""
    scope: str = "openid"
    acr_values: str = ""
    nonce: str = "required"
    id_token: str = "required"  # noqa: S105 -- a rule about one
    userinfo: str = "bearer"
    acr: tuple[str, ...] = ()
    auth_time: str = "required"
    end_session_endpoint: str = ""


def read_upstreams(path: Path | None) -> dict[str, UpstreamProfile]:
    """Those that have a client_id, in the order of the files. Raises IdpError for what is not sound."""
    try:
        documents = tomllib.loads(_SHIPPED.read_text("utf-8"))
        own = tomllib.loads(path.read_text("utf-8")) if path else {}
        for name, changes in own.items():
            documents[name] = _merged(documents.get(name, {}), changes)
        return {
            name: _profile(name, document, path.parent if path else Path())
            for name, document in documents.items()
            if document.get("client_id")
        }
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IdpError(detail=f"upstreams: {type(error).__name__}: {error}") from error


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        merged[key] = _merged(merged.get(key, {}), value) if isinstance(value, Mapping) else value
    return merged


def _profile(name: str, document: Mapping[str, Any], folder: Path) -> UpstreamProfile:
    values = dict(document)
    secret_file = values.pop("client_secret_file", "")
    values["client_secret"] = (folder / secret_file).read_text("utf-8").strip() if secret_file else ""
    for key, allowed in _CHOICES.items():
        if values.get(key, allowed[0]) not in allowed:
            raise ValueError(f"{name}.{key} is one of {', '.join(allowed)}")
    if values.get("id_token", "required") == "required" and not values.get("jwks_uri"):
        raise ValueError(f"{name}: an ID token that is required needs jwks_uri")
    values["values"] = {word: tuple(theirs) for word, theirs in values["values"].items()}
    values["acr"] = tuple(values.get("acr", ()))
    unknown = values.keys() - {each.name for each in fields(UpstreamProfile)}
    if unknown:
        raise ValueError(f"{name}: unknown {', '.join(sorted(unknown))}")
    return UpstreamProfile(name=name, **values)
