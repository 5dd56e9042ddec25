"""Many threads on one token: no crash, no wrong signature, no session shared, and an end to waiting."""

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.errors import TokenError, TokenUnavailable
from hsm.token.token import KeyRef, Token, TokenKeyRef, WrappedKeyRef
from tests.hsm.token.signature_check import check_signature
from tests.servers.softhsm import SoftHsmTokenFactory

ES256, PS256 = SignatureAlgorithm.ES256, SignatureAlgorithm.PS256


def test_many_threads_sign_make_and_find_at_once(token: Token, label: str, kek: str) -> None:
    wrapped = token.generate_wrapped_key(kek, KeyKind.P256)
    spki = token.generate_token_key(label, KeyKind.P256)
    end = time.monotonic() + 4
    done: list[str] = []

    def signer(ref: KeyRef, public: bytes) -> None:
        number = 0
        while time.monotonic() < end:
            digest = hashlib.sha256(f"{threading.get_ident()} {number}".encode()).digest()
            check_signature(public, ES256, digest, token.sign(ref, ES256, digest))
            number += 1
        done.append(f"signed {number}")

    def maker() -> None:
        number = 0
        while time.monotonic() < end:
            name = f"{label} made {threading.get_ident()} {number}"
            made = token.generate_token_key(name, KeyKind.P256)
            assert token.find_public_key(name) == made
            token.destroy_token_key(name)
            number += 1
        done.append(f"made {number}")

    jobs: list[Callable[[], None]] = [
        *(lambda: signer(TokenKeyRef(label), spki) for _ in range(3)),
        *(lambda: signer(WrappedKeyRef(kek, wrapped.blob), wrapped.spki) for _ in range(2)),
        maker,
        maker,
    ]
    with ThreadPoolExecutor(len(jobs)) as threads:
        for running in [threads.submit(job) for job in jobs]:
            running.result()
    assert len(done) == len(jobs)
    assert all(not line.endswith(" 0") for line in done)
    assert token.stats().in_use == 0


def test_more_threads_than_sessions_take_turns(softhsm_token: SoftHsmTokenFactory) -> None:
    token = Token.open(softhsm_token.fresh(max_sessions=3))
    try:
        token.generate_token_key("turns", KeyKind.RSA3072)
        with ThreadPoolExecutor(8) as threads:
            values = threads.map(
                lambda n: token.sign(TokenKeyRef("turns"), PS256, bytes([n]) * 32), range(40)
            )
            assert len(set(values)) == 40
        stats = token.stats()
        assert stats.capacity == 2
        assert stats.waits > 0
        assert 0 < stats.wait_seconds / stats.waits < 5  # nobody sleeps through a free session
        assert stats.reinitialisations == 0
    finally:
        token.close()


def test_an_exhausted_pool_is_unavailable_and_recovers(softhsm_token: SoftHsmTokenFactory) -> None:
    token = Token.open(softhsm_token.fresh(max_sessions=2, acquire_timeout=0.2))
    try:
        token.make_canary()
        token.generate_token_key("one", KeyKind.P256)
        with token._recovery.generation().pool.checkout():
            assert token.stats().in_use == 1
            with pytest.raises(TokenUnavailable, match="busy"):
                token.sign(TokenKeyRef("one"), ES256, bytes(32))
        token.sign(TokenKeyRef("one"), ES256, bytes(32))
        assert token.stats().reinitialisations == 0
    finally:
        token.close()


def test_two_tokens_share_a_module_and_outlive_each_other(softhsm_token: SoftHsmTokenFactory) -> None:
    first, second = Token.open(softhsm_token.fresh()), Token.open(softhsm_token.fresh())
    spki = first.generate_token_key("same label", KeyKind.P256)
    assert second.generate_token_key("same label", KeyKind.P256) != spki
    first.close()
    second.sign(TokenKeyRef("same label"), ES256, bytes(32))
    second.close()


def test_a_token_survives_that_another_on_its_module_is_renewed(softhsm_token: SoftHsmTokenFactory) -> None:
    first, second = Token.open(softhsm_token.fresh()), Token.open(softhsm_token.fresh())
    try:
        spki = first.generate_token_key("k", KeyKind.P256)
        first.sign(TokenKeyRef("k"), ES256, bytes(32))
        second._module.begin_epoch(second._module.epoch, timeout=5)
        check_signature(spki, ES256, bytes(32), first.sign(TokenKeyRef("k"), ES256, bytes(32)))
        assert first.stats().reinitialisations == 0
    finally:
        first.close()
        second.close()


def test_a_closed_token_is_not_used_and_closing_twice_is_harmless(
    softhsm_token: SoftHsmTokenFactory,
) -> None:
    other, token = Token.open(softhsm_token.fresh()), Token.open(softhsm_token.fresh())
    token.close()
    token.close()
    with pytest.raises(TokenError, match="closed"):
        token.sign(TokenKeyRef("k"), ES256, bytes(32))
    assert not token.healthy()
    other.close()
