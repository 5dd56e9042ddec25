"""Whatever dies or is away: signed at most once, never at a lower level, nothing lost."""

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from hsm.client import KeyProcess, KeyProcessUnavailable
from signsvc.errors import LeaseLost, StoreUnavailable
from signsvc.store.signatures import Signatures, State
from signsvc.web.request_log import new_logger
from signsvc.worker import Worker
from tests.servers.signsvc import Service


def prepared(service: Service, pdf: bytes, **wishes: Any) -> dict[str, Any]:
    answer = service.prepare(service.upload(pdf).json["id"], **wishes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def content(service: Service, signature_id: str) -> Any:
    return service.client.get(f"/v1/signatures/{signature_id}/content", headers=service.headers())


def a_worker(service: Service) -> Worker:
    return Worker(service.services, new_logger(service.log))


def pass_time(service: Service, seconds: int) -> None:
    """The service's clock runs ahead; the key process's does not."""
    moment = service.services.clock() + timedelta(seconds=seconds)
    object.__setattr__(service.services, "clock", lambda: moment)


@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
@pytest.mark.parametrize("fault", ["down", "wrong_nonce", "bad_signature"])
def test_a_timestamp_that_fails_is_503_and_the_next_call_goes_on_without_signing_again(
    service: Service, pdf: bytes, devca: Any, level: str, fault: str
) -> None:
    one = prepared(service, pdf, level=level)
    before = service.intents()
    devca.misbehave(tsa=fault)
    failed = service.complete(one)
    assert (failed.status_code, failed.json["code"]) == (503, "timestamp_unavailable")
    assert int(failed.headers["Retry-After"]) > 0
    assert content(service, one["id"]).status_code == 409
    devca.behave()
    done = service.complete(one)
    assert done.status_code == 200, done.text
    assert (done.json["state"], done.json["level"]) == ("completed", level)
    assert service.intents() == before + 1


def test_revocation_data_that_is_away_keeps_the_timestamp_that_was_got(
    service: Service, pdf: bytes, devca: Any
) -> None:
    one = prepared(service, pdf, level="B-LT")
    devca.misbehave(ocsp="down", crl="down")
    failed = service.complete(one)
    assert (failed.status_code, failed.json["code"]) == (503, "revocation_unavailable")
    kept = service.services.signatures.find("motcua", one["id"])
    assert kept is not None
    assert kept.state is State.SIGNED
    assert kept.timestamp_token
    assert content(service, one["id"]).status_code == 409


def test_a_waiting_signature_is_202_and_a_worker_completes_it(
    service: Service, pdf: bytes, devca: Any
) -> None:
    one = prepared(service, pdf, level="B-LTA", on_unavailable="wait")
    before = service.intents()
    devca.misbehave(tsa="down")
    waits = service.complete(one)
    assert (waits.status_code, waits.json["state"]) == (202, "waiting")
    assert int(waits.headers["Retry-After"]) > 0
    assert "signsvc_queue_depth 1.0" in service.client.get("/metrics").text
    pass_time(service, 20)
    assert a_worker(service).work_once()
    assert (
        service.client.get(f"/v1/signatures/{one['id']}", headers=service.headers()).json["state"]
        == "waiting"
    )
    devca.behave()
    pass_time(service, 60)
    time.sleep(5.1)  # the breaker leaves the authority alone for that long
    assert a_worker(service).work_once()
    shown = service.client.get(f"/v1/signatures/{one['id']}", headers=service.headers()).json
    assert (shown["state"], shown["level"]) == ("completed", "B-LTA")
    assert not a_worker(service).work_once()
    assert service.intents() == before + 1


class Paused:
    """An augmenter whose first call waits, as in a process that was stopped there."""

    def __init__(self, service: Service) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._augmenter = service.services.finish.augmenter()
        object.__setattr__(service.services.finish, "augmenter", lambda: self)

    def augment(self, *arguments: Any, **options: Any) -> None:
        if not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(60)
        self._augmenter.augment(*arguments, **options)


def test_one_that_was_paused_past_its_lease_never_touches_a_finished_document(
    service: Service, pdf: bytes
) -> None:
    one = prepared(service, pdf, level="B-LTA")
    before = service.intents()
    paused = Paused(service)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(service.complete, one)
        assert paused.reached.wait(60)
        pass_time(service, service.settings.lease + 1)
        meanwhile = service.complete(one)
        paused.go_on.set()
        assert first.result(60).status_code in {200, 409}
    assert (meanwhile.status_code, meanwhile.json["code"]) == (409, "in_progress")
    pass_time(service, service.settings.lease + 1)
    done = service.complete(one)
    assert (done.status_code, done.json["state"]) == (200, "completed"), done.text
    file = content(service, one["id"]).data
    assert hashlib.sha256(file).hexdigest() == done.json["document"]["sha256"]
    assert service.intents() == before + 1


def test_a_revoked_certificate_fails_the_signature_for_good(service: Service, pdf: bytes, devca: Any) -> None:
    one = prepared(service, pdf, level="B-LT")
    devca.misbehave(ocsp="revoked")
    failed = service.complete(one)
    assert (failed.status_code, failed.json["code"]) == (409, "signature_failed")
    devca.behave()
    assert service.complete(one).status_code == 409
    shown = service.client.get(f"/v1/signatures/{one['id']}", headers=service.headers()).json
    assert (shown["state"], shown["failure"]["code"]) == ("failed", "certificate_revoked")


def test_a_signature_value_that_was_lost_is_never_made_again(
    service: Service, pdf: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one gap: the key process signed, and we died before it was ours."""
    one = prepared(service, pdf)
    before = service.intents()
    advance = Signatures.advance

    def dies(self: Signatures, signature_id: str, fence: int, **values: Any) -> None:
        if "signature_value" in values:
            raise StoreUnavailable(detail="killed")
        advance(self, signature_id, fence, **values)

    monkeypatch.setattr(Signatures, "advance", dies)
    lost = service.complete(one)
    assert lost.status_code == 503
    monkeypatch.undo()
    assert service.complete(one).json["code"] == "in_progress"  # our lease still stands
    pass_time(service, service.settings.lease + 1)
    again = service.complete(one)
    assert (again.status_code, again.json["code"]) == (409, "signature_failed")
    assert service.intents() == before + 1


def test_an_answer_that_was_lost_on_the_way_is_found_out_by_the_next_call(
    service: Service, pdf: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = service.upload(pdf).json["id"]
    one = service.prepare(document_id).json
    sign = KeyProcess.sign

    def loses(self: KeyProcess, *arguments: Any, **options: Any) -> Any:
        sign(self, *arguments, **options)
        raise KeyProcessUnavailable("The key process did not answer.")

    monkeypatch.setattr(KeyProcess, "sign", loses)
    lost = service.complete(one)
    assert (lost.status_code, lost.json["code"]) == (503, "key_process_unavailable")
    monkeypatch.undo()
    again = service.complete(one)
    assert (again.status_code, again.json["code"]) == (409, "signature_failed")
    # Nothing is lost: the same document is prepared and approved again.
    assert service.complete(service.prepare(document_id).json).status_code == 200


def test_an_interrupted_augmentation_leaves_no_trace_in_the_result(
    service: Service, pdf: bytes, devca: Any
) -> None:
    one = prepared(service, pdf, level="B-LT")
    devca.misbehave(ocsp="down", crl="down")
    assert service.complete(one).status_code == 503
    path = service.services.files.path(one["id"])
    with path.open("ab") as file:
        file.write(b"\n99 0 obj\n<< /Half /Written")
    devca.behave()
    time.sleep(15.1)  # for so long the failure is remembered
    done = service.complete(one)
    assert done.status_code == 200, done.text
    assert b"/Half" not in content(service, one["id"]).data


def test_a_worker_paused_past_its_lease_writes_nothing(service: Service, pdf: bytes, devca: Any) -> None:
    one = prepared(service, pdf, level="B-T", on_unavailable="wait")
    devca.misbehave(tsa="down")
    assert service.complete(one).status_code == 202
    devca.behave()
    now = service.services.clock() + timedelta(seconds=30)
    moment = int(now.timestamp())
    paused = service.services.signatures.claim_due(now=moment, lease=60)
    assert paused is not None
    later = service.services.signatures.claim_due(now=moment + 61, lease=60)
    assert later is not None
    done = service.services.finish.finish(later, now=service.services.clock())
    assert done.state is State.COMPLETED
    with pytest.raises(LeaseLost):
        service.services.finish.finish(paused, now=service.services.clock())
    kept = service.services.signatures.find("motcua", one["id"])
    assert kept is not None
    assert kept.result_sha256 == done.result_sha256


def test_what_waits_too_long_fails_and_says_so(service: Service, pdf: bytes, devca: Any) -> None:
    one = prepared(service, pdf, level="B-T", on_unavailable="wait")
    devca.misbehave(tsa="down")
    assert service.complete(one).status_code == 202
    object.__setattr__(service.services.finish, "waiting_lifetime", 10)
    pass_time(service, 60)
    assert a_worker(service).work_once()
    kept = service.services.signatures.find("motcua", one["id"])
    assert kept is not None
    assert (kept.state, kept.failure_code) == (State.FAILED, "timestamp_unavailable")


def test_a_poisoned_job_does_not_stop_the_worker(service: Service, pdf: bytes, devca: Any) -> None:
    one = prepared(service, pdf, level="B-T", on_unavailable="wait")
    devca.misbehave(tsa="down")
    service.complete(one)
    service.services.files.remove(one["id"])
    devca.behave()
    pass_time(service, 30)
    time.sleep(0.1)
    assert a_worker(service).work_once()
    assert not a_worker(service).work_once()


def test_a_document_being_signed_cannot_be_deleted(service: Service, pdf: bytes, devca: Any) -> None:
    document_id = service.upload(pdf).json["id"]
    one = service.prepare(document_id, level="B-T", on_unavailable="wait").json
    devca.misbehave(tsa="down")
    assert service.complete(one).status_code == 202
    answer = service.client.delete(f"/v1/documents/{document_id}", headers=service.headers())
    assert (answer.status_code, answer.json["code"]) == (409, "state_conflict")
