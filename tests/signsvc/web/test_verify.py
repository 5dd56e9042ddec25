"""POST /v1/verify: anybody may ask."""

from typing import Any

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
