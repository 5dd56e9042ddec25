"""Is a signature genuine, and was its certificate good? (ETSI EN 319 102-1 §5.3 to §5.6)

pyHanko does each block; how they are put together stands here, because its own composition
(0.38, ``ades_with_time_validation``) lets an expired certificate pass on the strength of a time-stamp
alone, without proof that it was not revoked. Two of its private functions are used: the version is pinned.
"""

from collections.abc import Awaitable, Callable, Iterable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asn1crypto import cms
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation import ades, generic_cms
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import SignatureValidationSpec, bootstrap_validation_data_handlers
from pyhanko_certvalidator.errors import InvalidCertificateError
from pyhanko_certvalidator.ltv.poe import POEManager, POEType
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.path import ValidationPath

from signsvc.pades.validation.policy import Specs
from signsvc.pades.validation.timely import has_timely_crl

Sub = AdESPassed | AdESFailure | AdESIndeterminate

# Current-time results that proofs of existence may mend (EN 319 102-1 §5.6.3.4).
_MENDABLE = {
    AdESIndeterminate.REVOKED_CA_NO_POE,
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
    AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    AdESIndeterminate.REVOCATION_OUT_OF_BOUNDS_NO_POE,
    AdESIndeterminate.TRY_LATER,
}
_ASK_ONLINE = {AdESIndeterminate.TRY_LATER, AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE}


@dataclass(frozen=True, slots=True)
class Examined:
    """``intact``: the digest matches; ``valid``: the value verifies (None: not reached).

    ``stamped_at``: the time of a good signature time-stamp; ``stamp_fault``: why there is none although
    the signature carries one. ``path``, ``stamp_path``: certificates, leaf first, when they were found.
    """

    sub: Sub
    intact: bool | None = None
    valid: bool | None = None
    stamped_at: datetime | None = None
    stamp_fault: str | None = None
    revoked_at: datetime | None = None
    path: tuple[Any, ...] = ()
    stamp_path: tuple[Any, ...] = ()


class Examiner:
    """For one document. Holds the validation data of the job: nothing outlives it."""

    def __init__(
        self, reader: PdfFileReader, specs: Specs, now: datetime, *, archives_sound: bool = True
    ) -> None:
        """``archives_sound``: the form of every document time-stamp is right: they may prove something."""
        self._reader = reader
        self._now = now
        self._timing = ValidationTimingInfo(
            validation_time=now, best_signature_time=now, point_in_time_validation=False
        )
        self._specs = specs
        self._handlers: dict[int, Any] = {}
        self._proofs: POEManager | None = None
        self._proofs_tried = not archives_sound

    async def examine(self, signature: EmbeddedPdfSignature, archived_at: datetime | None) -> Examined:
        """``archived_at``: the time of a good document time-stamp over this signature."""
        result = await self._now_or_online(lambda spec: self._basic(spec, signature))
        sub: Sub = result.ades_subindic
        found = _begin(result)
        if isinstance(sub, AdESFailure):
            return found
        stamp = await self._examine_stamps(signature.signer_info)
        found = replace(
            found, stamped_at=stamp.stamped_at, stamp_fault=stamp.stamp_fault, stamp_path=stamp.stamp_path
        )
        times = [time for time in (stamp.stamped_at, archived_at) if time is not None]
        proven = min(times) if times else None
        if sub is AdESIndeterminate.REVOKED_NO_POE:
            sub = await self._judge_revoked(signature, found, proven)
        elif isinstance(sub, AdESIndeterminate) and sub in _MENDABLE:
            sub = await self._mend(signature.signed_data, sub, proven, signature.signer_cert)
        if sub is AdESPassed.OK and proven is not None and proven < signature.signer_cert.not_valid_before:
            sub = AdESIndeterminate.NOT_YET_VALID
        return replace(found, sub=sub)

    async def examine_timestamp(self, signature: EmbeddedPdfSignature) -> Examined:
        """A document time-stamp (§5.4)."""

        def imprint(digest_name: str) -> bytes:
            return bytes(signature.compute_digest(digest_name))

        if not self._imprint_counts(signature.signed_data):
            return Examined(AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE)
        result = await self._timestamp(signature.signed_data, imprint)
        sub: Sub = result.ades_subindic
        if isinstance(sub, AdESIndeterminate) and sub in _MENDABLE:
            sub = await self._mend(signature.signed_data, sub, None, None)
        return replace(_begin(result), sub=sub)

    async def _basic(self, spec: SignatureValidationSpec, signature: EmbeddedPdfSignature) -> Any:
        return await ades.ades_basic_validation(
            signature.signed_data,
            spec,
            timing_info=self._timing,
            raw_digest=signature.compute_digest(),
            validation_data_handlers=self._handlers_of(spec),
        )

    async def _timestamp(self, token: cms.SignedData, imprint: Callable[[str], bytes]) -> Any:
        return await self._now_or_online(
            lambda spec: ades.ades_timestamp_validation(
                token,
                spec,
                imprint,
                timing_info=self._timing,
                validation_data_handlers=self._handlers_of(spec),
            )
        )

    async def _now_or_online(self, run: Callable[[SignatureValidationSpec], Awaitable[Any]]) -> Any:
        """First by what the document carries, then by asking; "cannot tell" becomes TRY_LATER."""
        specs = self._specs
        result = await run(specs.first)
        if specs.online is not None and result.ades_subindic in _ASK_ONLINE:
            result = await run(specs.online)
        if result.ades_subindic is AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE:
            # pyHanko has one word for a bad path and for a status that nobody knows.
            unchecked = await run(specs.without_status)
            if unchecked.ades_subindic is AdESPassed.OK:
                return replace(result, ades_subindic=AdESIndeterminate.TRY_LATER)
        return result

    def _handlers_of(self, spec: SignatureValidationSpec) -> Any:
        if id(spec) not in self._handlers:
            self._handlers[id(spec)] = bootstrap_validation_data_handlers(
                spec, self._timing, poe_manager_override=POEManager(self._now)
            )
        return self._handlers[id(spec)]

    async def _examine_stamps(self, info: cms.SignerInfo) -> Examined:
        best = Examined(AdESPassed.OK)
        imprint = generic_cms.message_imprint_checker(info)
        for token in _tokens(info):
            fault: str | None = "CRYPTO_CONSTRAINTS_FAILURE"
            path: tuple[Any, ...] = ()
            if self._imprint_counts(token):
                result = await self._timestamp(token, imprint)
                sub: Sub = result.ades_subindic
                path = _path_of(result)
                if isinstance(sub, AdESIndeterminate) and sub in _MENDABLE:
                    sub = await self._mend(token, sub, None, None)
                fault = None if sub is AdESPassed.OK else sub.name
            if fault is None:
                time = token["encap_content_info"]["content"].parsed["gen_time"].native
                return Examined(AdESPassed.OK, stamped_at=time, stamp_path=path)
            best = Examined(AdESPassed.OK, stamp_fault=fault)
        return best

    def _imprint_counts(self, token: cms.SignedData) -> bool:
        info = token["encap_content_info"]["content"].parsed
        return bool(
            self._specs.algorithms.digest_algorithm_allowed(
                info["message_imprint"]["hash_algorithm"], self._now
            )
        )

    async def _judge_revoked(
        self, signature: EmbeddedPdfSignature, found: Examined, proven: datetime | None
    ) -> Sub:
        """Revoked since: good if it is proven to have existed before (§5.5.4)."""
        if proven is None or found.revoked_at is None or proven >= found.revoked_at:
            return AdESIndeterminate.REVOKED_NO_POE
        unchecked = await self._basic(self._specs.without_status, signature)
        sub: Sub = unchecked.ades_subindic
        return sub

    async def _mend(
        self,
        signed_data: cms.SignedData,
        sub: AdESIndeterminate,
        proven: datetime | None,
        signer: Any | None,
    ) -> Sub:
        """Past signature validation (§5.6.2.4), by proofs of existence from document time-stamps."""
        proofs = await self._find_proofs()
        if proofs is None:
            return sub
        if signer is not None:
            try:
                self._specs.first.key_usage_settings.validate(signer)
            except InvalidCertificateError:
                return AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE
        proofs = copy(proofs)
        if proven is not None:
            proofs.register(
                signed_data["signer_infos"][0]["signature"].native, poe_type=POEType.VALIDATION, dt=proven
            )
        past = await ades.ades_past_signature_validation(
            signed_data,
            self._specs.first,
            poe_manager=proofs,
            current_time_sub_indic=sub,
            init_control_time=self._now,
        )
        if past is AdESIndeterminate.REVOCATION_OUT_OF_BOUNDS_NO_POE:
            # The last condition, and one that pyHanko misses for CRLs of an authority below the root.
            knowledge = self._specs.first.local_knowledge
            leaf = extract_certificate_info(signed_data).signer_cert
            if has_timely_crl(leaf, knowledge.known_crls, knowledge.known_certs, proofs):
                return AdESPassed.OK
        return AdESPassed.OK if past is AdESPassed.OK else sub

    async def _find_proofs(self) -> POEManager | None:
        """None when the document has no chain of document time-stamps that holds."""
        if not self._proofs_tried:
            self._proofs_tried = True
            try:
                index = ades._build_prima_facie_poe_index_from_pdf_timestamps(
                    self._reader, include_content_ts=False, diff_policy=None
                )
                if index:
                    self._proofs = await ades._validate_prima_facie_poe(
                        index, self._specs.online or self._specs.first, self._timing
                    )
            except SignatureValidationError:
                pass
        return self._proofs


def _begin(result: Any) -> Examined:
    status = result.api_status
    revoked = getattr(status, "revocation_details", None)
    return Examined(
        result.ades_subindic,
        intact=None if status is None else status.intact,
        valid=None if status is None else status.valid,
        revoked_at=None if revoked is None else revoked.revocation_date,
        path=_path_of(result),
    )


def _path_of(result: Any) -> tuple[Any, ...]:
    path: ValidationPath | None = getattr(result.api_status, "validation_path", None)
    if path is None:
        return ()
    return tuple(reversed(list(path.iter_certs(include_root=False))))


def _tokens(info: cms.SignerInfo) -> Iterable[cms.SignedData]:
    return list(generic_cms.extract_tst_data_iter(info, signed=False))
