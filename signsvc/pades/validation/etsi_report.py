"""The validation report of ETSI TS 119 102-2 V1.4.1, from a verdict.

Unsigned: it says what this service found, to a program that asked it. Objects (certificate, document) are
named by their digests, as clause 4.4.4 allows; reasons are additional report data of our own types.
"""

from base64 import b64encode
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from signsvc.pades.validation.reasons import SUB_INDICATIONS
from signsvc.pades.validation.verdict import Certificate, Indication, Reason, SignatureVerdict, Verdict

VR = "http://uri.etsi.org/19102/v1.4.1#"
DS = "http://www.w3.org/2000/09/xmldsig#"
_XSI, _XS = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2001/XMLSchema"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_MAIN = {
    Indication.TOTAL_PASSED: "urn:etsi:019102:mainindication:total-passed",
    Indication.TOTAL_FAILED: "urn:etsi:019102:mainindication:total-failed",
    Indication.INDETERMINATE: "urn:etsi:019102:mainindication:indeterminate",
    # EN 319 102-1 has no word for a document without signatures, so this one is ours.
    Indication.NO_SIGNATURE: "urn:antin:mainindication:no-signature",
}
_ETSI = frozenset(SUB_INDICATIONS) | {
    "REVOKED",
    "REVOKED_NO_POE",
    "SIG_CONSTRAINTS_FAILURE",
    "CRYPTO_CONSTRAINTS_FAILURE",
    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    "TIMESTAMP_ORDER_FAILURE",
    "SIGNED_DATA_NOT_FOUND",
}
# The process of EN 319 102-1 §5.6: time-stamps, stored validation data, proofs of existence.
_PROCESS = "urn:etsi:019102:validationprocess:LTA"
_DOCUMENT = "document"

for _prefix, _uri in (("vr", VR), ("ds", DS), ("xsi", _XSI)):
    ET.register_namespace(_prefix, _uri)


def etsi_report(verdict: Verdict, sha256: str) -> bytes:
    """The report as an XML document. ``sha256``: of the validated file, hexadecimal."""
    root = ET.Element(f"{{{VR}}}ValidationReport", {"xmlns:xs": _XS})
    # The schema wants one report at least: with nothing to validate it is the document's own.
    every = [*verdict.signatures, *verdict.timestamps]
    for number, one in enumerate(every, 1):
        _report(_add(root, "SignatureValidationReport"), one, number, verdict.checked_at)
    if not every:
        _empty_report(_add(root, "SignatureValidationReport"), verdict)
    objects = _add(root, "SignatureValidationObjects")
    _object(objects, _DOCUMENT, "urn:etsi:019102:validationObject:signedData", sha256)
    known = {one.certificate.sha256: one.certificate for one in every if one.certificate}
    for certificate in known.values():
        _object(
            objects,
            _id_of(certificate),
            "urn:etsi:019102:validationObject:certificate",
            certificate.sha256,
        )
    encoded: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return encoded


def _report(report: ET.Element, one: SignatureVerdict, number: int, checked_at: datetime) -> None:
    identifier = _add(report, "SignatureIdentifier")
    identifier.set("id", f"signature-{number}")
    _add(identifier, "HashOnly", "false")
    _add(identifier, "DocHashOnly", "false")
    _add(identifier, "DAIdentifier", one.field_name)
    _time_info(report, one, checked_at)
    _reference(_add(report, "SignersDocument"), "SignersDocumentRepresentation", _DOCUMENT)
    _attributes(report, one)
    if one.signer is not None and one.certificate is not None:
        information = _add(report, "SignerInformation")
        _reference(information, "SignerCertificate", _id_of(one.certificate))
        _add(information, "Signer", one.signer.name)
    _process(report)
    _status(report, one.verdict, one.sub_indication, [*one.reasons, *one.warnings])


def _empty_report(report: ET.Element, verdict: Verdict) -> None:
    _process(report)
    _status(report, verdict.verdict, verdict.sub_indication, [*verdict.reasons])


def _process(report: ET.Element) -> None:
    _add(_add(report, "SignatureValidationProcess"), "SignatureValidationProcessID", _PROCESS)


def _time_info(report: ET.Element, one: SignatureVerdict, checked_at: datetime) -> None:
    """A claimed time proves nothing, so the best signature time is then the time of validation (§4.2.5.3)."""
    time = one.signing_time
    proven = time.value if time.kind == "proven" and time.value is not None else checked_at
    info = _add(report, "ValidationTimeInfo")
    _add(info, "ValidationTime", _moment(checked_at))
    best = _add(info, "BestSignatureTime")
    _add(best, "POETime", _moment(proven))
    _add(best, "TypeOfProof", "urn:etsi:019102:poetype:validation")


def _attributes(report: ET.Element, one: SignatureVerdict) -> None:
    found = ET.Element(f"{{{VR}}}SignatureAttributes")
    time = one.signing_time
    if time.value is not None:
        if time.source == "signed-attribute":
            claimed = _add(found, "SigningTime")
            claimed.set("Signed", "true")
            _add(claimed, "Time", _moment(time.value))
        elif time.source in ("signature-timestamp", "document-timestamp"):
            name = "SignatureTimeStamp" if time.source == "signature-timestamp" else "DocTimeStamp"
            _add(_add(found, name), "TimeStampValue", _moment(time.value))
    for name, said in (
        ("Reason", one.claims.reason),
        ("Name", one.claims.name),
        ("ContactInfo", one.claims.contact),
    ):
        if said:
            _add(_add(found, name), f"{name}Element", said)
    if len(found):
        report.append(found)


def _status(report: ET.Element, main: Indication, sub: str | None, reasons: list[Reason]) -> None:
    status = _add(report, "SignatureValidationStatus")
    _add(status, "MainIndication", _MAIN[main])
    if sub:
        owner = "etsi:019102" if sub in _ETSI else "antin"
        _add(status, "SubIndication", f"urn:{owner}:subindication:{sub}")
    if reasons:
        data = _add(_add(status, "AssociatedValidationReportData"), "AdditionalValidationReportData")
        for one in reasons:
            said = _add(data, "ReportData")
            _add(said, "Type", f"urn:antin:reason:{one.code}")
            _add(said, "Value", f"{one.message} / {one.message_en}").set(f"{{{_XSI}}}type", "xs:string")


def _object(objects: ET.Element, name: str, kind: str, sha256: str) -> None:
    found = _add(objects, "ValidationObject")
    found.set("id", name)
    _add(found, "ObjectType", kind)
    digest = _add(_add(found, "ValidationObjectRepresentation"), "DigestAlgAndValue")
    ET.SubElement(digest, f"{{{DS}}}DigestMethod", {"Algorithm": _SHA256})
    ET.SubElement(digest, f"{{{DS}}}DigestValue").text = _base64(sha256)


def _reference(parent: ET.Element, name: str, target: str) -> None:
    _add(parent, name).set("VOReference", target)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{VR}}}{name}")
    child.text = text
    return child


def _id_of(certificate: Certificate) -> str:
    return f"certificate-{certificate.sha256}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _base64(hexadecimal: str) -> str:
    return b64encode(bytes.fromhex(hexadecimal)).decode("ascii")
