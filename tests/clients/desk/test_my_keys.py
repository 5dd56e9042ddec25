"""What a person is told of their own keys."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from desk.signing.certificates import DAY, read_certificates
from desk.signing.service import Bearer

from tests.clients.desk.office import Official, desk, office, official, province

__all__ = ["desk", "office", "official", "province"]

NOON = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp())


def test_the_page_says_what_the_certificate_says(official: Official) -> None:
    kept = official.desk.services.sessions.find(official.http.cookies["desk"])
    assert kept
    caller = Bearer(kept["tokens"]["access_token"], kept["dpop_key"])
    (own, *_) = read_certificates(official.desk.services.service.credentials(caller, only_valid=False))
    shown = official.http.get("/my-keys")
    assert shown.status_code == 200
    assert own.usable
    for told in (own.serial, own.issuer.partition(",")[0], own.subject.partition(",")[0]):
        assert told in shown.text
    left = re.search(r"còn (\d+) ngày", shown.text)
    assert left
    assert abs(int(left.group(1)) - own.days_left(int(official.desk.clock()))) <= 1


def test_a_new_certificate_is_to_be_asked_for_when_this_one_ends_soon(
    official: Official, monkeypatch: pytest.MonkeyPatch
) -> None:
    advice = "Hãy đề nghị đơn vị cấp chứng thư mới."
    monkeypatch.setattr("desk.web.my_keys.SOON_DAYS", 0)
    assert advice not in official.http.get("/my-keys").text
    monkeypatch.setattr("desk.web.my_keys.SOON_DAYS", 100_000)
    assert advice in official.http.get("/my-keys").text
    assert "Ask your office for a new certificate." in official.http.get("/my-keys?lang=en").text


def described(status: str, key: str, until: str, name: str = "a") -> dict[str, Any]:
    cert = {
        "status": status,
        "subjectDN": "CN=Lan",
        "issuerDN": "CN=CA",
        "serialNumber": "0A",
        "validTo": until,
    }
    return {"credentialID": name, "description": "", "key": {"status": key}, "cert": cert}


@pytest.mark.parametrize(
    ("until", "days"),
    [("20261125120000Z", 1), ("20261125115959Z", 0), ("20261224120000Z", 30), ("20261124115959Z", 0)],
)
def test_days_that_are_left_are_whole_ones(until: str, days: int) -> None:
    (one,) = read_certificates([described("valid", "enabled", until)])
    assert one.days_left(NOON) == days
    assert one.days_left(NOON + 400 * DAY) == 0


def test_those_that_can_sign_come_first_and_a_key_without_a_certificate_is_left_out() -> None:
    told = [
        described("suspended", "disabled", "20301124120000Z", "suspended"),
        described("valid", "enabled", "20261201120000Z", "sooner"),
        described("valid", "enabled", "20271201120000Z", "later"),
        described("valid", "disabled", "20271201120000Z", "not yet"),
        {"credentialID": "new", "key": {"status": "disabled"}, "cert": {"status": "expired"}},
    ]
    found = read_certificates(told)
    assert [each.credential_id for each in found] == ["later", "sooner", "suspended", "not yet"]
    assert [each.usable for each in found] == [True, True, False, False]
