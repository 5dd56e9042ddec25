"""How many signatures, for whom: what quotas.toml and a key profile say of one credential and its client."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.bundle import Bundle

PER_CREDENTIAL, PER_CLIENT, PER_OFFICE = (
    "signatures-per-credential",
    "signatures-per-client",
    "signatures-per-office",
)
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` signatures in ``window_seconds``, counted as ``quota`` of ``subject``."""

    quota: str
    subject: str
    times: int
    window_seconds: int
    title: str
    title_en: str


def limits_of(
    bundle: Bundle, *, credential_id: str, profile: str, client_id: str, office: str
) -> tuple[Limit, ...]:
    """Every limit that one signature is counted against. A person without an office has no office's limit."""
    subjects = {PER_CREDENTIAL: credential_id, PER_CLIENT: client_id, PER_OFFICE: office}
    return (*_of_quotas(bundle, subjects), *_of_profile(bundle, profile, credential_id))


def _of_quotas(bundle: Bundle, subjects: dict[str, str]) -> Iterator[Limit]:
    for name, subject in subjects.items():
        quota = bundle.quotas.get(name)
        if quota is not None and subject:
            yield Limit(name, subject, quota.times, quota.window_seconds, quota.title, quota.title_en)


def _of_profile(bundle: Bundle, name: str, credential_id: str) -> Iterator[Limit]:
    profile = bundle.profiles.get(name)
    if profile is None:
        return
    for times, seconds, quota, title, title_en in (
        (profile.signatures_per_hour, HOUR, "profile-hour", "mỗi giờ", "in an hour"),
        (profile.signatures_per_day, DAY, "profile-day", "mỗi ngày", "in a day"),
    ):
        if times:
            yield Limit(
                quota, credential_id, times, seconds,
                f"{profile.title}: số chữ ký {title}", f"{profile.title_en}: signatures {title_en}",
            )  # fmt: skip


def longest_window(bundle: Bundle) -> int:
    """Of everything that the key process counts, in seconds."""
    windows = [quota.window_seconds for quota in bundle.quotas.values() if quota.where == "key-process"]
    return max(windows, default=DAY)
