import hashlib
from pathlib import Path

import pytest
from antin import (
    AntinError,
    Client,
    ConfigError,
    DamagedDownload,
    DocumentRefused,
    FileError,
    LevelNotReached,
    NetworkError,
    NotFinished,
    OutputExists,
    ProofRefused,
    ServiceError,
    SubstitutedDocument,
    VisibleSignature,
)
from antin.timestamp import as_response
from asn1crypto import parser

from tests.clients.sdk.standin import CREDENTIAL, StandIn


def test_a_document_is_signed_checked_and_delivered(
    client: Client, service: StandIn, document: Path, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    output = tmp_path / "ra.pdf"
    signed = client.sign_document(
        document,
        CREDENTIAL,
        "B-LT",
        VisibleSignature(page=-1, rect=(10, 10, 90, 50), text="Đã ký"),
        title="Quyết định",
        output=output,
        progress=lambda *step: told.append(step),
    )
    data = output.read_bytes()
    assert data.startswith(document.read_bytes())
    assert (signed.sha256, signed.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (signed.level, signed.path, signed.content) == ("B-LT", output, None)
    assert signed.warnings[0].code == "no-font"
    assert told[-1] == ("download", len(data), len(data))
    assert ("upload", document.stat().st_size, document.stat().st_size) in told
    assert service.signed_count == 1
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []


def test_bytes_come_back_as_bytes(client: Client) -> None:
    signed = client.sign_document(b"%PDF-1.7 bytes", CREDENTIAL)
    assert signed.content is not None
    assert signed.content.startswith(b"%PDF-1.7 bytes\n9 0 obj")


@pytest.mark.parametrize(
    "fault",
    [
        "substituted",
        "other_digest",
        "other_credential",
        "other_client",
        "other_algorithm",
        "other_title",
        "two_items",
        "dtbsr",
        "expired",
        "not_canonical",
        "wide_gap",
    ],
)
@pytest.mark.parametrize("also", ["", "honest_base"])
def test_an_act_for_anything_else_is_never_approved(
    client: Client, service: StandIn, tmp_path: Path, fault: str, also: str
) -> None:
    """Whoever holds the service wants our key under another document, credential or client."""
    service.faults = {fault, also}
    with pytest.raises(SubstitutedDocument):
        client.sign_document(b"%PDF-1.7 ours", CREDENTIAL, title="Của ta", output=tmp_path / "ra.pdf")
    assert service.approvals == []
    assert service.documents == {}
    assert list(tmp_path.iterdir()) == []


def test_a_pinned_algorithm_is_the_only_one_approved(client: Client, service: StandIn) -> None:
    with pytest.raises(SubstitutedDocument):
        client.sign_document(b"%PDF-1.7", CREDENTIAL, algorithm="PS256")
    assert service.approvals == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("foreign_bytes", DamagedDownload),
        ("changed_page", DamagedDownload),
        ("short", DamagedDownload),
        ("lower_level", LevelNotReached),
        ("other_receipt", ProofRefused),
        ("forged_receipt", ProofRefused),
    ],
)
def test_a_result_that_cannot_be_trusted_is_not_kept(
    client: Client, service: StandIn, document: Path, tmp_path: Path, fault: str, error: type[AntinError]
) -> None:
    service.faults = {fault}
    before = set(tmp_path.iterdir())
    with pytest.raises(error):
        client.sign_document(document, CREDENTIAL, "B-T", output=tmp_path / "ra.pdf")
    assert set(tmp_path.iterdir()) == before


def test_a_receipt_under_another_journal_key_is_refused(
    service: StandIn, client_key: object, tmp_path: Path
) -> None:
    other = StandIn(client_key.public_jwk()).journal.verifier_key  # type: ignore[attr-defined]
    with (
        Client(
            service.base_url,
            service.issuer,
            "motcua",
            client_key,  # type: ignore[arg-type]
            verifier_key=other,
        ) as client,
        pytest.raises(ProofRefused),
    ):
        client.sign_document(b"%PDF-1.7", CREDENTIAL, output=tmp_path / "ra.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_download_cut_short_is_fetched_again_and_signed_once(
    client: Client, service: StandIn, document: Path, tmp_path: Path
) -> None:
    service.cut = 2
    client.sign_document(document, CREDENTIAL, output=tmp_path / "ra.pdf")
    assert (tmp_path / "ra.pdf").read_bytes().startswith(document.read_bytes())
    assert service.signed_count == 1


def test_a_download_always_cut_short_leaves_nothing(client: Client, service: StandIn, tmp_path: Path) -> None:
    service.cut = 99
    with pytest.raises(NetworkError):
        client.sign_document(b"%PDF-1.7", CREDENTIAL, output=tmp_path / "ra.pdf")
    assert list(tmp_path.iterdir()) == []


def test_waiting_for_a_time_stamp_asks_again_and_signs_once(
    client: Client, service: StandIn, sleeps: list[float]
) -> None:
    service.waiting = 2
    client.sign_document(b"%PDF-1.7", CREDENTIAL, on_unavailable="wait")
    assert sleeps == [7.0, 7.0]
    assert service.signed_count == 1
    assert len(set(service.approvals)) == 1
    # A waiting answer kept under its key would be given again for ever.
    keys = next(keys for path, keys in service.idempotency_keys.items() if path.endswith("/complete"))
    assert len(set(keys)) == 3


def test_waiting_ends(client: Client, service: StandIn) -> None:
    service.waiting = 99
    with pytest.raises(NotFinished) as caught:
        client.sign_document(b"%PDF-1.7", CREDENTIAL, on_unavailable="wait")
    assert caught.value.signature_id in service.signatures


def test_a_refused_document_says_what_and_where(client: Client, service: StandIn) -> None:
    service.faults = {"javascript"}
    with pytest.raises(DocumentRefused) as caught:
        client.sign_document(b"%PDF-1.7", CREDENTIAL)
    (finding,) = caught.value.findings
    assert (finding.code, finding.page, finding.message_en) == ("javascript", 2, "Active content")
    assert caught.value.request_id == "r-1"


def test_the_output_is_never_replaced_unasked(client: Client, service: StandIn, tmp_path: Path) -> None:
    output = tmp_path / "ra.pdf"
    output.write_bytes(b"precious")
    with pytest.raises(OutputExists):
        client.sign_document(b"%PDF-1.7", CREDENTIAL, output=output)
    assert service.calls.total() == 0
    client.sign_document(b"%PDF-1.7", CREDENTIAL, output=output, force=True)
    assert output.read_bytes().startswith(b"%PDF-1.7")


def test_an_output_that_appears_meanwhile_is_not_replaced(client: Client, tmp_path: Path) -> None:
    output = tmp_path / "ra.pdf"

    def appear(_what: str, _done: int, _total: int) -> None:
        output.write_bytes(b"precious")

    with pytest.raises(OutputExists):
        client.sign_document(b"%PDF-1.7", CREDENTIAL, output=output, progress=appear)
    assert output.read_bytes() == b"precious"


def test_the_input_is_not_an_output(client: Client, service: StandIn, document: Path, tmp_path: Path) -> None:
    link = tmp_path / "same.pdf"
    link.symlink_to(document)
    for output in (document, link):
        with pytest.raises(FileError):
            client.sign_document(document, CREDENTIAL, output=output, force=True)
    assert service.calls.total() == 0


def test_an_unknown_level_is_refused_before_anything_is_sent(client: Client, service: StandIn) -> None:
    with pytest.raises(ConfigError):
        client.sign_document(b"%PDF-1.7", CREDENTIAL, "B-X")  # type: ignore[arg-type]
    assert service.calls.total() == 0


def test_one_call_signs_with_a_token_bound_to_the_file(
    client: Client, service: StandIn, document: Path, tmp_path: Path
) -> None:
    output = tmp_path / "ra.pdf"
    signed = client.sign_in_one_call(document, CREDENTIAL, output=output, title="Quyết định")
    assert output.read_bytes().startswith(document.read_bytes())
    assert signed.leaf_index == 1
    client.sign_in_one_call(document, CREDENTIAL, output=tmp_path / "ra2.pdf")
    # The key process spends such a token once: the second signing got a token of its own.
    assert len([details for details in service.tokens.values() if details]) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("foreign_bytes", DamagedDownload),
        ("changed_page", ProofRefused),
        ("other_receipt", ProofRefused),
    ],
)
def test_one_call_keeps_nothing_it_cannot_prove(
    client: Client, service: StandIn, document: Path, tmp_path: Path, fault: str, error: type[AntinError]
) -> None:
    service.faults = {fault}
    with pytest.raises(error):
        client.sign_in_one_call(document, CREDENTIAL, output=tmp_path / "ra.pdf")
    assert not (tmp_path / "ra.pdf").exists()


def test_hashes_are_signed_with_an_act_of_our_own(client: Client, service: StandIn) -> None:
    digests = [(hashlib.sha256(bytes([number])).digest(), f"Số {number}") for number in range(3)]
    signed = client.sign_hashes(digests, CREDENTIAL)
    assert [one.leaf_index for one in signed] == [1, 3, 5]
    service.faults = {"other_digest"}
    with pytest.raises(ProofRefused):
        client.sign_hashes(digests, CREDENTIAL)
    with pytest.raises(ConfigError):
        client.sign_hashes([(b"short", "x")], CREDENTIAL)
    with pytest.raises(ConfigError):
        client.sign_hashes(digests, "con-dau-khac")


def test_a_time_stamp_for_another_file_is_refused(client: Client, service: StandIn) -> None:
    assert hashlib.sha256(b"x").digest() in client.timestamp(hashlib.sha256(b"x").digest())
    service.faults = {"other_digest"}
    with pytest.raises(ProofRefused):
        client.timestamp(hashlib.sha256(b"x").digest())


def test_a_time_stamp_response_wraps_its_token() -> None:
    for size in (2, 120, 130, 300, 70_000):
        token = b"\x04" + bytes(size)
        wrapped = parser.parse(as_response(token), strict=True)
        assert wrapped[4] == b"\x30\x03\x02\x01\x00" + token


def test_a_failed_signing_says_why_and_is_not_polled(client: Client, service: StandIn) -> None:
    service.faults = {"failed"}
    with pytest.raises(ServiceError, match="revoked") as caught:
        client.sign_document(b"%PDF-1.7", CREDENTIAL, on_unavailable="wait")
    assert caught.value.code == "revoked"


def test_a_receipt_that_came_late_is_fetched(client: Client, service: StandIn) -> None:
    service.faults = {"late_receipt"}
    assert client.sign_document(b"%PDF-1.7", CREDENTIAL).receipt["proof"]


def test_a_title_is_compared_as_it_is_shown(client: Client, service: StandIn) -> None:
    client.sign_document(b"%PDF-1.7", CREDENTIAL, title="  Quyết định ")
    (signature,) = service.signatures.values()
    assert signature["asked"]["title"] == "Quyết định"
    service.faults = {"other_kind"}
    with pytest.raises(SubstitutedDocument):
        client.sign_document(b"%PDF-1.7", CREDENTIAL)
