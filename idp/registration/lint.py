"""What is registered and allowed, but will hurt one day: pure; console, API and command say the same."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from idp.protocol.client_metadata import BASELINE, ClientMetadata
from idp.protocol.registration.rules import SECRETS
from idp.protocol.registration.uris import host_of

ERROR, WARNING, NOTE = "error", "warning", "note"
DAY = 86400
WARNED_DAYS, URGENT_DAYS = 30, 7
OLD_KEY_DAYS = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """``about``: which member or key, never a secret. ``vi``, ``en``: what is wrong and what to do."""

    severity: str
    code: str
    about: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What the rules look at. ``keys_of_others``: thumbprints of other clients' keys, by client_id.

    ``reachable``: what a request to ``jwks_uri`` gave: "" for fine, else one word; None when nobody asked.
    """

    metadata: ClientMetadata
    jwks: Mapping[str, Mapping[str, Any]]
    now: int
    keys_of_others: Mapping[str, str]
    reachable: str | None = None


def lint(looked: Looked) -> list[Finding]:
    """All findings, the gravest first."""
    found = [finding for rule in RULES for finding in rule(looked)]
    order = (ERROR, WARNING, NOTE)
    return sorted(found, key=lambda each: order.index(each.severity))


def key_thumbprint(jwk: Mapping[str, Any]) -> str:
    """The same for the same key, whatever its kid (the members of RFC 7638)."""
    return "|".join(str(jwk.get(name, "")) for name in ("kty", "crv", "x", "y", "n", "e"))


def _redirect_uris(looked: Looked) -> Iterator[Finding]:
    for uri in looked.metadata.redirect_uris:
        parts = urlsplit(uri)
        if parts.hostname == "localhost":
            yield Finding(
                WARNING, "redirect_localhost", uri,
                "Tên localhost có thể trỏ sang máy khác. Hãy đăng ký http://127.0.0.1 và http://[::1].",
                "The name localhost may resolve elsewhere: register http://127.0.0.1 and http://[::1].",
            )  # fmt: skip
        elif parts.scheme == "http":
            yield Finding(
                NOTE, "redirect_http", uri,
                "http chỉ dùng cho ứng dụng cài trên máy người dùng.",
                "Plain http is for applications on the person's own machine only.",
            )  # fmt: skip
        path = unquote(parts.path)
        if "/../" in f"{path}/" or "/./" in f"{path}/" or "\\" in path or "//" in path:
            yield Finding(
                ERROR, "redirect_path_traversal", uri,
                "Đường dẫn có .. hoặc // nên có thể mở ra chỗ khác. Hãy đăng ký đường dẫn đã rút gọn.",
                "The path has .. or // in it and may lead elsewhere: register the plain path.",
            )  # fmt: skip
        if any(word in parts.query.lower() for word in ("url=", "redirect=", "next=", "return")):
            yield Finding(
                WARNING, "redirect_open", uri,
                "Địa chỉ nhận kết quả trông như một trang chuyển tiếp; mã đăng nhập có thể bị chuyển đi.",
                "The address looks like a redirector: a code sent there may be sent on. Use a plain one.",
            )  # fmt: skip


def _keys(looked: Looked) -> Iterator[Finding]:
    for kid, jwk in looked.jwks.items():
        owner = looked.keys_of_others.get(key_thumbprint(jwk))
        if owner:
            yield Finding(
                ERROR, "key_reused", kid,
                f"Hệ thống {owner} dùng cùng khóa này. Mỗi hệ thống phải có khóa riêng.",
                f"{owner} has the same key. Each system needs a key of its own.",
            )  # fmt: skip
        if jwk.get("kty") == "RSA" and _bits(jwk) < 3072:
            yield Finding(
                NOTE, "key_rsa_short", kid,
                "Khóa RSA dưới 3072 bit. Khi thay khóa, hãy dùng EC P-256 hoặc Ed25519.",
                "An RSA key of less than 3072 bits: at the next change take EC P-256 or Ed25519.",
            )  # fmt: skip
        if not jwk.get("alg"):
            yield Finding(
                NOTE, "key_without_alg", kid,
                "Khóa không ghi alg. Hãy thêm alg và use=sig để không ai dùng nhầm.",
                "The key does not say its alg: add alg and use=sig so that nobody takes it for another.",
            )  # fmt: skip
    if len(looked.jwks) == 1 and not looked.metadata.jwks_uri:
        yield Finding(
            NOTE, "key_single", next(iter(looked.jwks)),
            "Chỉ có một khóa, đăng ký trực tiếp. Dùng jwks_uri để tự thay khóa mà không cần liên hệ.",
            "One key, registered directly: with a jwks_uri you change keys without asking anybody.",
        )  # fmt: skip


def _jwks_uri(looked: Looked) -> Iterator[Finding]:
    if looked.reachable:
        yield Finding(
            ERROR, "jwks_uri_unreachable", looked.metadata.jwks_uri,
            f"Không lấy được khóa ở jwks_uri ({looked.reachable}). Hãy mở địa chỉ này cho máy chủ định danh.",
            f"No keys could be fetched from jwks_uri ({looked.reachable}): let this provider reach it.",
        )  # fmt: skip


def _ends(looked: Looked) -> Iterator[Finding]:
    metadata = looked.metadata
    if metadata.token_endpoint_auth_method in SECRETS:
        yield from _end(
            looked.now, metadata.secret_expires_at, "secret", "Khóa bí mật", "The client secret",
            "Hãy thay: khóa cũ còn dùng được 14 ngày.", "Rotate it: the old one overlaps 14 days.",
        )  # fmt: skip
    if metadata.profile == BASELINE:
        yield from _end(
            looked.now, metadata.profile_until, "baseline", "Ngoại lệ baseline", "The baseline exception",
            "Hãy chuyển sang fapi2.", "Move to fapi2: PAR, private_key_jwt, DPoP.",
        )  # fmt: skip


def _end(now: int, at: int, what: str, vi: str, en: str, do_vi: str, do_en: str) -> Iterator[Finding]:
    days = (at - now) // DAY
    if now >= at:
        yield Finding(ERROR, f"{what}_ended", what, f"{vi} đã hết hạn. {do_vi}", f"{en} has ended. {do_en}")
    elif days < WARNED_DAYS:
        severity = ERROR if days < URGENT_DAYS else WARNING
        yield Finding(
            severity,
            f"{what}_ending",
            what,
            f"{vi} còn {days} ngày. {do_vi}",
            f"{en} has {days} days left. {do_en}",
        )


def _logout(looked: Looked) -> Iterator[Finding]:
    metadata = looked.metadata
    if "authorization_code" in metadata.grant_types and not metadata.backchannel_logout_uri:
        yield Finding(
            WARNING, "no_backchannel_logout", "backchannel_logout_uri",
            "Chưa có backchannel_logout_uri: người dùng đăng xuất ở nơi khác vẫn còn phiên ở hệ thống này.",
            "No backchannel_logout_uri: who logs out elsewhere stays logged in here.",
        )  # fmt: skip
    if "authorization_code" in metadata.grant_types and not metadata.post_logout_redirect_uris:
        yield Finding(
            NOTE, "no_post_logout_redirect", "post_logout_redirect_uris",
            "Chưa có post_logout_redirect_uris: sau khi đăng xuất không quay lại hệ thống được.",
            "No post_logout_redirect_uris: after logout nobody comes back to you.",
        )  # fmt: skip


def _sector(looked: Looked) -> Iterator[Finding]:
    metadata = looked.metadata
    hosts = {host_of(uri) for uri in metadata.redirect_uris if uri.startswith("https:")}
    if metadata.subject_type == "pairwise" and len(hosts) > 1 and not metadata.sector_identifier_uri:
        yield Finding(
            WARNING, "pairwise_without_sector", "sector_identifier_uri",
            "Nhiều tên miền mà không có sector_identifier_uri: đổi cơ quan thì sub của mọi người đổi theo.",
            "Several hosts without sector_identifier_uri: another agency would change every sub.",
        )  # fmt: skip


def _contacts(looked: Looked) -> Iterator[Finding]:
    if not looked.metadata.contacts:
        yield Finding(
            NOTE, "no_contacts", "contacts",
            "Chưa có contacts: khi có sự cố không biết báo cho ai.",
            "No contacts: nobody can be told when something breaks.",
        )  # fmt: skip


def _bits(jwk: Mapping[str, Any]) -> int:
    return len(str(jwk.get("n", ""))) * 6


RULES: tuple[Callable[[Looked], Iterable[Finding]], ...] = (
    _redirect_uris,
    _keys,
    _jwks_uri,
    _ends,
    _logout,
    _sector,
    _contacts,
)
