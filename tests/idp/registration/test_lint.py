"""The linter: each finding is provoked, and a sound client has none."""

from typing import Any

import pytest

from idp.protocol.client_metadata import ClientMetadata
from idp.registration.lint import DAY, Looked, key_thumbprint, lint
from tests.idp.registration.desk import public_jwk

NOW = 1_790_000_000
SOUND: dict[str, Any] = {
    "grant_types": ("authorization_code",),
    "redirect_uris": ("https://rp.example.gov.vn/cb",),
    "post_logout_redirect_uris": ("https://rp.example.gov.vn/bye",),
    "backchannel_logout_uri": "https://rp.example.gov.vn/logout",
    "jwks_uri": "https://rp.example.gov.vn/jwks",
    "contacts": ("mau@example.gov.vn",),
}
SECRET = {
    "token_endpoint_auth_method": "client_secret_basic",
    "profile": "baseline",
    "profile_until": NOW + 99 * DAY,
}


def codes(looked: Looked) -> list[str]:
    return [each.code for each in lint(looked)]


def test_a_sound_client_has_no_finding() -> None:
    assert codes(Looked(ClientMetadata(**SOUND), {}, NOW, {}, "")) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uris": ("http://localhost/cb",)}, "redirect_localhost"),
        ({"redirect_uris": ("http://127.0.0.1/cb",)}, "redirect_http"),
        ({"redirect_uris": ("https://rp.example.gov.vn/a/../cb",)}, "redirect_path_traversal"),
        ({"redirect_uris": ("https://rp.example.gov.vn/a/%2e%2e/cb",)}, "redirect_path_traversal"),
        ({"redirect_uris": ("https://rp.example.gov.vn/go?url=x",)}, "redirect_open"),
        ({"backchannel_logout_uri": ""}, "no_backchannel_logout"),
        ({"post_logout_redirect_uris": ()}, "no_post_logout_redirect"),
        ({"contacts": ()}, "no_contacts"),
        ({"redirect_uris": ("https://a.example/cb", "https://b.example/cb")}, "pairwise_without_sector"),
        ({"profile": "baseline", "profile_until": NOW + 29 * DAY}, "baseline_ending"),
        ({"profile": "baseline", "profile_until": NOW}, "baseline_ended"),
        (SECRET | {"secret_expires_at": NOW + 29 * DAY}, "secret_ending"),
        (SECRET | {"secret_expires_at": NOW - 1}, "secret_ended"),
    ],
)
def test_what_will_hurt_one_day_is_found(changes: dict[str, Any], code: str) -> None:
    found = lint(Looked(ClientMetadata(**{**SOUND, **changes}), {}, NOW, {}))
    assert code in [each.code for each in found]
    assert all(each.vi and each.en and each.vi != each.en for each in found)


@pytest.mark.parametrize(("days", "severity"), [(31, None), (29, "warning"), (6, "error"), (-1, "error")])
def test_an_end_is_told_thirty_days_before_and_urgently_seven(days: int, severity: str | None) -> None:
    metadata = ClientMetadata(**{**SOUND, **SECRET, "secret_expires_at": NOW + days * DAY + 1})
    found = [each.severity for each in lint(Looked(metadata, {}, NOW, {})) if each.about == "secret"]
    assert found == ([severity] if severity else [])


def test_keys_are_looked_at() -> None:
    jwk = public_jwk()
    assert "key_without_alg" in codes(Looked(ClientMetadata(**SOUND), {"k1": jwk}, NOW, {}))
    reused = Looked(ClientMetadata(**SOUND), {"k1": jwk}, NOW, {key_thumbprint(jwk | {"kid": "x"}): "motcua"})
    found = lint(reused)[0]
    assert (found.severity, found.code) == ("error", "key_reused")
    assert "motcua" in found.en
    short = {"kty": "RSA", "n": "A" * 342, "e": "AQAB", "alg": "PS256"}
    assert "key_rsa_short" in codes(Looked(ClientMetadata(**SOUND), {"r": short}, NOW, {}))


def test_a_jwks_uri_that_does_not_answer_is_found() -> None:
    assert codes(Looked(ClientMetadata(**SOUND), {}, NOW, {}, "timeout")) == ["jwks_uri_unreachable"]
