"""Which key profiles are offered, and which are refused."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

import policies
from policies import Bundle, ProfileRefused
from policies.profiles import KeyProfile, parse_profiles

TEXT = (Path(policies.__file__).parent / "key-profiles.toml").read_text("utf-8")
TABLES = tomllib.loads(TEXT)


def profile_with(name: str, **changes: Any) -> KeyProfile:
    table = {key: value for key, value in (TABLES[name] | changes).items() if value is not None}
    lines = [f"[{name}]"] + [f"{key} = {_toml(value)}" for key, value in table.items()]
    return parse_profiles("\n".join(lines))[name]


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return (
        str(value).lower()
        if isinstance(value, bool)
        else repr(value)
        if isinstance(value, int)
        else f'"{value}"'
    )


@pytest.mark.parametrize(
    ("name", "changes", "complaint"),
    [
        ("organisation-seal-rsa", {"key": "RSA-2048"}, "RSA-3072"),
        ("organisation-seal", {"key": "Ed25519", "algorithm": "EdDSA"}, "algorithm"),
        ("organisation-seal", {"key": "RSA-3072"}, "does not go with"),
        ("organisation-seal", {"algorithm": "PS256"}, "does not go with"),
        ("organisation-seal-rsa", {"algorithm": "RS256"}, "compatibility mode"),
        ("compatibility-rs256", {"compatibility": None}, "compatibility mode"),
        ("organisation-seal", {"compatibility": "old readers"}, "only for RS256"),
        ("personal", {"contents": ["dtbsr", "open"]}, "open acts are a compatibility mode"),
        ("personal", {"proofs": ["access_token"], "max_signatures_by_access_token": 1}, "personal key"),
        ("personal", {"proofs": ["client_jws"]}, "proof of its person"),
        ("personal", {"acr": "aal3"}, "only a passkey"),
        ("personal-high", {"acr": "aal1"}, "acr"),
        ("organisation-seal", {"proofs": []}, "proofs is empty"),
        ("organisation-seal", {"proofs": ["goodwill"]}, "proofs"),
        ("organisation-seal", {"proofs": ["trust_line"]}, "proofs"),
        ("organisation-seal", {"proofs": ["client_jws", "access_token"]}, "go together"),
        ("organisation-seal", {"max_signatures_by_access_token": 1}, "go together"),
        ("service-seal", {"contents": ["dtbsr"]}, "prepared"),
        ("service-seal", {"max_signatures": 5}, "above max_signatures"),
        ("service-seal", {"max_signatures_by_access_token": 101}, "100"),
        ("organisation-seal", {"contents": ["prepared", "token"]}, "never signs tokens"),
        ("organisation-seal", {"max_act_seconds": None}, "max_act_seconds"),
        ("organisation-seal", {"hours": "night"}, "hours"),
        ("oidc-token", {"hours": "office"}, "log in at any time"),
        ("oidc-token", {"hours": None}, "log in at any time"),
        ("oidc-token", {"signatures_per_day": 1}, "no quota"),
        ("organisation-seal", {"signatures_per_hour": -1}, "signatures_per_hour"),
        ("organisation-seal", {"key_usage": ["digital_signature"]}, "content_commitment"),
        ("organisation-seal", {"key_usage": ["content_commitment"]}, "digital_signature"),
        ("organisation-seal", {"key_usage": ["digital_signature", "key_cert_sign"]}, "key_usage"),
        ("organisation-seal", {"lifetime_days": 3650}, "lifetime_days"),
        ("organisation-seal", {"max_signatures": 0}, "max_signatures"),
        ("organisation-seal", {"basis": None}, "basis"),
        ("organisation-seal", {"colour": "red"}, "colour"),
        ("oidc-token", {"contents": ["token", "prepared"]}, "token key"),
        ("oidc-token", {"proofs": ["client_jws"]}, "no approval"),
        ("oidc-token", {"key_usage": ["digital_signature", "content_commitment"]}, "commits to no content"),
        ("oidc-token", {"storage": "wrapped"}, "object in the token"),
    ],
)
def test_a_weak_or_contradictory_profile_is_refused(
    name: str, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ProfileRefused, match=name) as refused:
        profile_with(name, **changes)
    assert complaint in str(refused.value)


def test_every_fault_of_a_profile_is_named_at_once() -> None:
    with pytest.raises(ProfileRefused) as refused:
        profile_with("personal", key="RSA-3072", proofs=["access_token"], key_usage=["content_commitment"])
    for complaint in ("does not go with", "personal key", "digital_signature", "go together"):
        assert complaint in str(refused.value)


@pytest.mark.parametrize("text", ["", "= 1", "organisation-seal = 1"])
def test_a_file_that_holds_no_profile_is_refused(text: str) -> None:
    with pytest.raises(ProfileRefused):
        parse_profiles(text)


def test_only_automatic_services_may_sign_by_access_token() -> None:
    profiles = Bundle.load().profiles.values()
    assert {profile.purpose for profile in profiles if "access_token" in profile.proofs} == {"service"}


def test_a_profile_does_not_change_after_it_is_read() -> None:
    profile = Bundle.load().profiles["organisation-seal"]
    with pytest.raises(ValueError, match="frozen"):
        profile.algorithm = "RS256"


def test_a_profile_that_says_no_hours_keeps_office_hours() -> None:
    assert profile_with("organisation-seal", hours=None).hours == "office"
