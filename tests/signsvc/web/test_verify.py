"""POST /v1/verify and the search by digest: anybody may ask."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.servers.signsvc import Service


def verify(service: Service, content: bytes) -> Any:
    return service.client.post("/v1/verify", data=content, content_type="application/pdf")


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_what_was_signed_here_is_valid_here(service: Service, pdf: bytes, level: str) -> None:
    done = service.signed(pdf, level=level)
    content = service.client.get(f"/v1/signatures/{done['id']}/content", headers=service.headers()).data
    verdict = verify(service, content)
    assert verdict.status_code == 200, verdict.text
    assert verdict.json["verdict"] == "TOTAL_PASSED", verdict.json
    (signature,) = [one for one in verdict.json["signatures"] if one["kind"] == "signature"]
    assert (signature["level"], signature["training"]) == (level, True)


def test_a_changed_document_is_not_valid(service: Service, pdf: bytes) -> None:
    done = service.signed(pdf)
    content = service.client.get(f"/v1/signatures/{done['id']}/content", headers=service.headers()).data
    verdict = verify(service, content.replace(b"(MAU)", b"(MEO)"))
    assert verdict.json["verdict"] == "TOTAL_FAILED"


def test_nothing_of_it_is_kept(service: Service, pdf: bytes) -> None:
    verdict = verify(service, pdf)
    assert (verdict.status_code, verdict.json["verdict"]) == (200, "NO_SIGNATURE")
    assert verify(service, b"not a pdf").status_code == 200
    assert list(service.settings.documents_dir.iterdir()) == []


VR = {"vr": "http://uri.etsi.org/19102/v1.4.1#"}


def signed_content(service: Service, pdf: bytes, **wishes: Any) -> bytes:
    done = service.signed(pdf, **wishes)
    content = service.client.get(f"/v1/signatures/{done['id']}/content", headers=service.headers()).data
    return bytes(content)


def find(service: Service, content: bytes) -> Any:
    return service.client.get(f"/v1/verify/digests/{hashlib.sha256(content).hexdigest()}")


def test_the_report_of_etsi_says_what_the_verdict_says(service: Service, pdf: bytes) -> None:
    content = signed_content(service, pdf, level="B-T")
    answer = service.client.post(
        "/v1/verify", data=content, content_type="application/pdf", headers={"Accept": "application/xml"}
    )
    assert (answer.status_code, answer.content_type) == (200, "application/xml")
    report = ET.fromstring(answer.data)  # noqa: S314 -- our own
    assert report.findtext(".//vr:MainIndication", namespaces=VR) == (
        "urn:etsi:019102:mainindication:total-passed"
    )
    (digest,) = report.findall(".//vr:ValidationObject[@id='document']//{*}DigestValue", namespaces=VR)
    assert base64.b64decode(digest.text or "") == hashlib.sha256(content).digest()


def test_the_json_answer_carries_the_report_of_the_same_validation(service: Service, pdf: bytes) -> None:
    content = signed_content(service, pdf)
    answer = service.client.post("/v1/verify?report=xml", data=content, content_type="application/pdf").json
    report = ET.fromstring(answer["report"])  # noqa: S314 -- our own
    said = report.findtext(".//vr:ValidationTime", namespaces=VR) or ""
    assert datetime.fromisoformat(said) == datetime.fromisoformat(answer["checked_at"]).replace(microsecond=0)


def test_a_file_that_was_signed_here_is_found_by_its_digest_alone(service: Service, pdf: bytes) -> None:
    content = signed_content(service, pdf, level="B-T")
    answer = find(service, content)
    assert answer.status_code == 200, answer.text
    (one,) = answer.json["signatures"]
    verdict = verify(service, content).json["signatures"][0]
    assert (one["signer"], one["organisation"]) == (
        verdict["signer"]["name"], verdict["signer"]["managing_unit"],
    )  # fmt: skip
    assert (one["level"], one["training"]) == ("B-T", True)
    receipt = service.client.get(f"/v1/journal/receipts/{one['leaf_index']}")
    assert receipt.status_code == 200


def test_the_search_goes_back_through_all_signatures_made_here(service: Service, pdf: bytes) -> None:
    first = signed_content(service, pdf)
    second = signed_content(service, first, level="B-T")
    assert [one["level"] for one in find(service, second).json["signatures"]] == ["B-T", "B-B"]
    assert [one["level"] for one in find(service, first).json["signatures"]] == ["B-B"]


def test_the_search_knows_nothing_of_other_files(service: Service, pdf: bytes) -> None:
    """Not of the file before it was signed either: forms that are filled in alike could be guessed."""
    content = signed_content(service, pdf)
    for other in (pdf, content + b"\n"):
        answer = find(service, other)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    digest = hashlib.sha256(content).hexdigest()
    for guess in (digest[:-1], digest.upper(), "%25", digest + "0", digest + "%0a", "٠" * 64):
        answer = service.client.get(f"/v1/verify/digests/{guess}")
        assert answer.status_code == 400
        assert "64 chữ số thập lục phân" in answer.json["detail"]


def test_what_finds_a_file_outlives_it_and_ends_with_its_own_time(service: Service, pdf: bytes) -> None:
    content = signed_content(service, pdf)
    now = datetime.now(UTC)
    service.services.sweep(now=now + timedelta(days=60))
    assert list(service.settings.documents_dir.iterdir()) == []
    assert find(service, content).status_code == 200
    service.services.sweep(now=now + timedelta(seconds=service.settings.issued_retention + 60))
    assert find(service, content).status_code == 404
