"""A real key process, over its sockets: what each caller gets, and what none does."""

import hashlib
import time
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.acts.signed_attributes import minimal_attributes
from hsm.algorithms import SignatureAlgorithm
from hsm.api import hsm_pb2, hsm_pb2_grpc
from hsm.client import (
    ActMalformed,
    ActRefused,
    Approval,
    CredentialNotUsable,
    GrantRefused,
    Item,
    KeyProcess,
    PolicyRefused,
)
from hsm.journal.receipt import verify_proof
from tests.servers.key_process import RunningKeyProcess, activate, client_jws


def _act(credential_id: str, client_id: str, *items: ActItem, algorithm: str = "ES256") -> bytes:
    moment = int(time.time())
    return SignAct(
        new_act_id(), client_id, credential_id, SignatureAlgorithm(algorithm), items, moment, moment + 300
    ).encode()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@pytest.fixture(scope="module")
def client_key(key_process: RunningKeyProcess) -> Any:
    return key_process.register_client("trust-line-client")


@pytest.fixture(scope="module")
def credential_id(key_process: RunningKeyProcess, devca: Any) -> str:
    created = key_process.create_credential("service-seal", "trust-line-client")
    return activate(key_process, created, devca, "service-seal")


@pytest.fixture
def signsvc(key_process: RunningKeyProcess) -> Any:
    client = KeyProcess(key_process.signsvc)
    yield client
    client.close()


@pytest.mark.parametrize(("profile", "algorithm"), [("service-seal", "ES256"), ("service-seal-rsa", "PS256")])
def test_a_document_is_signed_and_its_receipt_verifies_offline(
    key_process: RunningKeyProcess,
    signsvc: KeyProcess,
    client_key: Any,
    devca: Any,
    profile: str,
    algorithm: str,
) -> None:
    created = key_process.create_credential(profile, "trust-line-client")
    credential_id = activate(key_process, created, devca, "service-seal")
    certificate = x509.load_der_x509_certificate(signsvc.credential(credential_id).certificates[0])
    attributes = minimal_attributes(_digest("document"), certificate.fingerprint(hashes.SHA256()))
    act = _act(
        credential_id, "trust-line-client", ActItem(_digest("document"), "Quyết định"), algorithm=algorithm
    )
    [signed] = signsvc.sign(
        [Item(signed_attributes=attributes)],
        act=act,
        approval=client_jws(act, client_key),
        with_receipts=True,
    )
    public = certificate.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        public.verify(signed.value, attributes, pss, hashes.SHA256())
    else:
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(signed.value, attributes, ec.ECDSA(hashes.SHA256()))
    assert signed.receipt is not None
    index, checkpoint = verify_proof(signed.receipt.proof, signed.receipt.entry, key_process.verifier_key)
    assert index == signed.leaf_index < checkpoint.size
    later = signsvc.receipt(signed.leaf_index)
    assert verify_proof(later.proof, later.entry, key_process.verifier_key)[0] == index


def test_a_sad_is_redeemed_once(signsvc: KeyProcess, client_key: Any, credential_id: str) -> None:
    act = _act(credential_id, "trust-line-client", ActItem(_digest("a"), "a", "dtbsr"))
    grant = signsvc.authorize(act, client_jws(act, client_key))
    items = [Item(digest=_digest("a"))]
    with pytest.raises(GrantRefused) as foreign:
        signsvc.sign(items, sad=grant.sad, client_id="another-client")
    assert foreign.value.reason == "unknown"
    extended = signsvc.extend(grant.sad, client_id="trust-line-client", digests=[_digest("a")])
    assert len(signsvc.sign(items, sad=extended.sad, client_id="trust-line-client")) == 1
    with pytest.raises(GrantRefused) as spent:
        signsvc.sign(items, sad=extended.sad, client_id="trust-line-client")
    assert spent.value.reason == "spent"


def test_refusals_come_back_as_what_they_are(
    signsvc: KeyProcess, client_key: Any, credential_id: str
) -> None:
    with pytest.raises(ActMalformed):
        signsvc.sign([], act=b"{}", approval=Approval("client_jws", "x"))
    with pytest.raises(CredentialNotUsable):
        signsvc.credential("none")
    act = _act(credential_id, "somebody-else", ActItem(_digest("a"), "a", "dtbsr"))
    with pytest.raises(ActRefused):
        signsvc.sign([Item(digest=_digest("a"))], act=act, approval=client_jws(act, client_key))
    with pytest.raises(ActMalformed):
        signsvc.receipt(2**40)


def test_each_callers_socket_offers_only_its_own_services(key_process: RunningKeyProcess) -> None:
    """Whoever takes over the identity provider's process can't even ask for a document signature."""
    request = hsm_pb2.SignRequest()
    for target, stub, method, message in (
        (key_process.idp, hsm_pb2_grpc.SigningStub, "Sign", request),
        (key_process.idp, hsm_pb2_grpc.AdministrationStub, "Perform", hsm_pb2.PerformRequest()),
        (key_process.signsvc, hsm_pb2_grpc.TokensStub, "SignToken", hsm_pb2.SignTokenRequest()),
        (key_process.signsvc, hsm_pb2_grpc.AdministrationStub, "Perform", hsm_pb2.PerformRequest()),
        (key_process.admin, hsm_pb2_grpc.TokensStub, "SignToken", hsm_pb2.SignTokenRequest()),
    ):
        with grpc.insecure_channel(target) as channel, pytest.raises(grpc.RpcError) as refusal:
            getattr(stub(channel), method)(message, timeout=5)
        assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED  # type: ignore[attr-defined]


class TestAdministration:
    def test_one_administrator_alone_does_nothing(
        self, key_process: RunningKeyProcess, credential_id: str
    ) -> None:
        parameters = {"credential_id": credential_id}
        for action in ("suspend_credential", "destroy_credential"):
            for approvers in (0, 1):
                with pytest.raises(PolicyRefused):
                    key_process.perform(action, parameters, approvers=approvers)

    def test_a_suspended_credential_stops_at_once_and_resumes(
        self, key_process: RunningKeyProcess, signsvc: KeyProcess, client_key: Any, devca: Any
    ) -> None:
        created = key_process.create_credential("service-seal", "trust-line-client")
        credential_id = activate(key_process, created, devca, "service-seal")

        def sign() -> None:
            act = _act(credential_id, "trust-line-client", ActItem(_digest("a"), "a", "dtbsr"))
            signsvc.sign([Item(digest=_digest("a"))], act=act, approval=client_jws(act, client_key))

        sign()
        key_process.perform("suspend_credential", {"credential_id": credential_id})
        with pytest.raises(CredentialNotUsable):
            sign()
        key_process.perform("resume_credential", {"credential_id": credential_id})
        sign()
        key_process.perform("destroy_credential", {"credential_id": credential_id})
        with pytest.raises(CredentialNotUsable):
            sign()
        with pytest.raises(ActRefused):
            key_process.perform("resume_credential", {"credential_id": credential_id})

    def test_a_personal_key_is_made_wrapped_and_proves_itself_in_its_request(
        self, key_process: RunningKeyProcess
    ) -> None:
        created = key_process.create_credential("personal", "nguyen-van-mau")
        assert x509.load_pem_x509_csr(created["csr"].encode()).is_signature_valid

    def test_a_retired_client_key_approves_nothing(
        self, key_process: RunningKeyProcess, signsvc: KeyProcess, credential_id: str
    ) -> None:
        key = key_process.register_client("trust-line-client")
        act = _act(credential_id, "trust-line-client", ActItem(_digest("a"), "a", "dtbsr"))
        key_process.perform("retire_client_key", {"kid": key.thumbprint()})
        with pytest.raises(ActRefused):
            signsvc.sign([Item(digest=_digest("a"))], act=act, approval=client_jws(act, key))

    def test_a_certificate_of_another_key_is_refused(
        self, key_process: RunningKeyProcess, devca: Any
    ) -> None:
        one = key_process.create_credential("service-seal", "trust-line-client")
        other = key_process.create_credential("service-seal", "trust-line-client")
        chain = devca.issue(other["csr"], "service-seal")
        with pytest.raises(ActMalformed):
            key_process.perform(
                "activate_credential", {"credential_id": one["credential_id"], "chain": chain}
            )

    def test_a_training_certificate_cannot_activate_a_real_credential(
        self, key_process: RunningKeyProcess, devca: Any
    ) -> None:
        created = key_process.create_credential("service-seal", "trust-line-client", training=False)
        with pytest.raises(ActMalformed, match="training"):
            activate(key_process, created, devca, "service-seal")


def test_a_performed_act_is_not_performed_again(key_process: RunningKeyProcess) -> None:
    from hsm.administer import approve, draft  # noqa: PLC0415

    act = draft(
        "create_credential",
        {"profile": "oidc-token", "holder": "idp", "description": "MẪU", "training": True},
        now=int(datetime.now(UTC).timestamp()),
    )
    approvals = [approve(act, key) for key in key_process.admin_keys]
    client = KeyProcess(key_process.admin)
    client.perform(act, approvals)
    with pytest.raises(GrantRefused):
        client.perform(act, approvals)
    client.close()
