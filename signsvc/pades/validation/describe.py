"""From what was found to what is said: the verdict on a signature, and on the document."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pyhanko.pdf_utils import generic
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed
from pyhanko.sign.validation import generic_cms

from signsvc.pades.objects import entry
from signsvc.pades.validation.algorithms import key_name
from signsvc.pades.validation.case import Case
from signsvc.pades.validation.certificate import describe_certificate, describe_signer
from signsvc.pades.validation.policy import Evidence
from signsvc.pades.validation.reached import earliest, find_level
from signsvc.pades.validation.reasons import TITLES, reason, reason_for
from signsvc.pades.validation.trust_settings import TrustSettings
from signsvc.pades.validation.verdict import (
    Algorithm,
    Certificate,
    Claims,
    DocumentFacts,
    Indication,
    Reason,
    SignatureVerdict,
    SigningTime,
    Verdict,
    severity,
)
from signsvc.pades.validation.widgets import Pages

_CLOCK_DIFFERENCE = timedelta(minutes=5)
_PERMISSIONS: dict[int, Literal["P1", "P2", "P3"]] = {1: "P1", 2: "P2", 3: "P3"}


def describe(
    case: Case, pages: Pages, evidence: Evidence, settings: TrustSettings, *, size: int, now: datetime
) -> SignatureVerdict:
    """All of one signature."""
    time = _signing_time(case)
    indication, sub_indication, reasons, warnings = _decide(case, time, now)
    said: dict[str, Any] = {}
    if case.signature is not None:
        signature, certificate = case.signature, case.signature.signer_cert
        described = describe_certificate(certificate, settings.training_policies)
        widget = next(pages.widgets(case.field), None)
        info = signature.signer_info
        permission = signature.docmdp_level
        said = {
            "signer": describe_signer(certificate),
            "certificate": described,
            "integrity": _integrity(case),
            "validity_at_signing": _validity(case, described, time, indication),
            "level": _level(case, evidence),
            "algorithm": Algorithm(
                digest=info["digest_algorithm"]["algorithm"].native,
                signature=info["signature_algorithm"]["algorithm"].native,
                key=key_name(certificate.public_key),
            ),
            "training": described.training,
            "page": None if widget is None else widget.page,
            "rect": None if widget is None else widget.rect,
            "revision": signature.signed_revision + 1,
            "docmdp": None if permission is None else _PERMISSIONS[permission.value],
            "claims": _claims(case.value),
        }
        if described.training:
            warnings = (*warnings, reason("training"))
    if case.extent is not None:
        said |= {"signed_length": case.extent.end, "covers_whole_file": case.extent.end == size}
    title, title_en = TITLES[indication]
    return SignatureVerdict(
        kind="timestamp" if case.is_timestamp else "signature",
        field_name=case.name,
        verdict=indication,
        sub_indication=sub_indication,
        title=title,
        title_en=title_en,
        reasons=reasons,
        warnings=warnings,
        signing_time=time,
        certification=case.certification,
        later_changes=tuple(case.later.changes),
        **said,
    )


def conclude(verdicts: Sequence[SignatureVerdict], facts: DocumentFacts, now: datetime) -> Verdict:
    """The document is as good as its worst signature or document time-stamp."""
    signatures = tuple(verdict for verdict in verdicts if verdict.kind == "signature")
    timestamps = tuple(verdict for verdict in verdicts if verdict.kind == "timestamp")
    if signatures:
        worst = max((*signatures, *timestamps), key=lambda verdict: severity(verdict.verdict))
        indication, sub_indication, reasons = worst.verdict, worst.sub_indication, worst.reasons
    else:
        indication, sub_indication, reasons = Indication.NO_SIGNATURE, None, (reason("no-signature"),)
    if indication is Indication.TOTAL_PASSED and not facts.signed_to_the_end:
        reasons = (*reasons, reason("unsigned-tail"))
    title, title_en = TITLES[indication]
    return Verdict(
        verdict=indication,
        sub_indication=sub_indication,
        title=title,
        title_en=title_en,
        reasons=reasons,
        signatures=signatures,
        timestamps=timestamps,
        document=facts,
        checked_at=now,
    )


def undecided(
    why: Reason, sub_indication: str, size: int, now: datetime, *, encrypted: bool = False
) -> Verdict:
    """Nothing can be said of any signature."""
    title, title_en = TITLES[Indication.INDETERMINATE]
    return Verdict(
        verdict=Indication.INDETERMINATE,
        sub_indication=sub_indication,
        title=title,
        title_en=title_en,
        reasons=(why,),
        document=DocumentFacts(size=size, encrypted=encrypted),
        checked_at=now,
    )


Decision = tuple[Indication, str | None, tuple[Reason, ...], tuple[Reason, ...]]


def _decide(case: Case, time: SigningTime, now: datetime) -> Decision:
    """The worst of form, cryptography, trust and what came later; all reasons of any weight are kept."""
    failures = [*case.form.failures, *case.later.failures]
    doubts = [*case.form.doubts, *case.later.doubts]
    warnings = [*case.form.warnings, *case.later.warnings]
    failed_as = "FORMAT_FAILURE" if failures else None
    doubted_as = case.form.doubted_as if doubts else None
    if case.examined is not None:
        sub = case.examined.sub
        if isinstance(sub, AdESFailure):
            failures.insert(0, reason_for(sub.name))
            failed_as = sub.name
        elif isinstance(sub, AdESIndeterminate):
            name, why = _indeterminate(case, sub, time)
            if name == "REVOKED":
                failures.insert(0, why)
                failed_as = name
            elif sub is not AdESIndeterminate.GENERIC or not doubts:
                doubts.insert(0, why)
                doubted_as = name
            else:
                doubted_as = name
        if case.examined.stamp_fault is not None:
            fault = reason_for(case.examined.stamp_fault)
            doubts.append(reason("timestamp-invalid", {"fault": fault.message_en}, fault=fault.message))
            doubted_as = doubted_as or "SIG_CONSTRAINTS_FAILURE"
    if time.kind == "claimed":
        warnings.append(reason("claimed-time"))
        if time.value is not None and time.value > now + _CLOCK_DIFFERENCE:
            warnings.append(reason("claimed-time-in-future"))
    said = tuple(warnings)
    if failures:
        return Indication.TOTAL_FAILED, failed_as, tuple(failures + doubts), said
    if doubts or case.examined is None:
        return Indication.INDETERMINATE, doubted_as, tuple(doubts), said
    return Indication.TOTAL_PASSED, None, (), said


def _indeterminate(case: Case, sub: AdESIndeterminate, time: SigningTime) -> tuple[str, Reason]:
    revoked_at = None if case.examined is None else case.examined.revoked_at
    if sub is AdESIndeterminate.REVOKED_NO_POE and revoked_at is not None:
        when = revoked_at.isoformat(timespec="seconds")
        # The signer says so himself, and nothing says otherwise.
        if time.kind == "claimed" and time.value is not None and time.value > revoked_at:
            return "REVOKED", reason("signed-after-revocation", time=when)
        return sub.name, reason("revoked", time=when)
    if sub.name.startswith("CRYPTO_CONSTRAINTS") and case.signature is not None:
        info = case.signature.signer_info
        digest, value = (info[key]["algorithm"].native for key in ("digest_algorithm", "signature_algorithm"))
        key = key_name(case.signature.signer_cert.public_key)
        return sub.name, reason("weak-algorithm", name=f"{value}, {digest}, {key}")
    return sub.name, reason_for(sub.name)


def _integrity(case: Case) -> Literal["intact", "broken", "unknown"]:
    examined = case.examined
    if case.form.failures or case.later.failures:
        return "broken"
    if examined is None or examined.intact is None or examined.valid is None:
        return "unknown"
    return "intact" if examined.intact and examined.valid else "broken"


def _validity(
    case: Case, certificate: Certificate, time: SigningTime, indication: Indication
) -> Literal["valid", "invalid", "unknown"]:
    """Was the certificate good when the signature was made?"""
    examined = case.examined
    if examined is None or time.value is None:
        return "unknown"
    if not certificate.not_before <= time.value <= certificate.not_after:
        return "invalid"
    if examined.sub is AdESPassed.OK:
        return "valid"
    if examined.revoked_at is not None and time.value >= examined.revoked_at:
        return "invalid"
    return "unknown"


def _level(case: Case, evidence: Evidence) -> Any:
    examined = case.examined
    if case.is_timestamp or not case.form.pades or case.form.failures or examined is None:
        return None
    if isinstance(examined.sub, AdESFailure):
        return None
    return find_level(
        evidence,
        (examined.path, examined.stamp_path),
        stamped=examined.stamped_at is not None or case.archived_at is not None,
        archived=case.store_archived,
    )


def _signing_time(case: Case) -> SigningTime:
    if case.signature is None:
        return SigningTime(value=None, kind="none", source="none")
    if case.is_timestamp:
        time = case.signature.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
        good = case.examined is not None and case.examined.sub is AdESPassed.OK
        return SigningTime(value=time, kind="proven" if good else "claimed", source="document-timestamp")
    stamped = None if case.examined is None else case.examined.stamped_at
    proven = earliest((stamped, case.archived_at))
    if proven is not None:
        source: Literal["signature-timestamp", "document-timestamp"] = (
            "signature-timestamp" if proven == stamped else "document-timestamp"
        )
        return SigningTime(value=proven, kind="proven", source=source)
    attribute = generic_cms.extract_self_reported_ts(case.signature.signer_info)
    if attribute is not None:
        return SigningTime(value=attribute, kind="claimed", source="signed-attribute")
    said = _claimed_date(case.value)
    if said is None:
        return SigningTime(value=None, kind="none", source="none")
    return SigningTime(value=said, kind="claimed", source="dictionary")


def _claimed_date(value: Any) -> datetime | None:
    try:
        said = generic.parse_pdf_date(value["/M"], strict=False)
    except (KeyError, ValueError, TypeError):
        return None
    # A date without a zone says nothing that could be compared.
    return said if said.tzinfo is not None else None


def _claims(value: Any) -> Claims:
    def text(key: str) -> str | None:
        found = entry(value, key)
        return str(found) if isinstance(found, generic.TextStringObject) else None

    return Claims(
        name=text("/Name"), reason=text("/Reason"), location=text("/Location"), contact=text("/ContactInfo")
    )
