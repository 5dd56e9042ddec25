"""The form of a signature's CMS (RFC 5652, RFC 5035, ETSI EN 319 142-1 §6.3)."""

from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, core

from signsvc.pades.validation.reasons import reason
from signsvc.pades.validation.verdict import Reason

PADES = "/ETSI.CAdES.detached"
TIMESTAMP = "/ETSI.RFC3161"
LEGACY = "/adbe.pkcs7.detached"
SUPPORTED = frozenset({PADES, TIMESTAMP, LEGACY})
_EXPECTED_UNSIGNED = {"signature_time_stamp_token"}
_NAMES = {"signing_certificate_v2", "signing_certificate"}


@dataclass(slots=True)
class Form:
    """What was found. ``pades``: it has what B-B asks for; ``doubted_as``: the sub-indication of doubts."""

    failures: list[Reason]
    doubts: list[Reason]
    warnings: list[Reason]
    pades: bool = False
    doubted_as: str = "SIG_CONSTRAINTS_FAILURE"


def inspect_form(signed_data: cms.SignedData, subfilter: str) -> Form:
    """Look at everything that verifying the signature value does not. May raise ValueError for broken DER."""
    form = Form([], [], [])
    # pyHanko's reader has seen to it that there is one.
    info = signed_data["signer_infos"][0]
    _check_versions(signed_data, info, form)
    _check_content(signed_data, subfilter, form)
    signed = info["signed_attrs"]
    if isinstance(signed, core.Void):
        form.failures.append(_fault("không có thuộc tính được ký", "there are no signed attributes"))
        return form
    names = [attribute["type"].native for attribute in signed]
    for name in ("content_type", "message_digest"):
        if names.count(name) != 1:
            form.failures.append(
                _fault(f"thuộc tính {name} phải có đúng một", f"the attribute {name} must be there once")
            )
    if len(set(names)) != len(names):
        form.failures.append(_fault("thuộc tính được ký bị lặp", "a signed attribute is repeated"))
    if not _NAMES.intersection(names):
        # Old Adobe signatures lack it; PAdES and RFC 3161 demand it.
        (form.warnings if subfilter == LEGACY else form.doubts).append(reason("no-signing-certificate"))
    form.pades = subfilter == PADES and "signing_certificate_v2" in names
    _look_at_unsigned(info["unsigned_attrs"], form)
    return form


def _check_versions(signed_data: Any, info: Any, form: Form) -> None:
    """Nobody signs these fields, so they are held to the one value that they may have."""
    by_key_id = info["sid"].name != "issuer_and_serial_number"
    if info["version"].native != ("v3" if by_key_id else "v1"):
        form.failures.append(_fault("phiên bản SignerInfo", "the version of SignerInfo"))
    if signed_data["version"].native not in ("v1", "v3", "v4", "v5"):
        form.failures.append(_fault("phiên bản SignedData", "the version of SignedData"))
    digest = info["digest_algorithm"]["algorithm"].native
    if digest not in [algorithm["algorithm"].native for algorithm in signed_data["digest_algorithms"]]:
        form.failures.append(
            _fault("thuật toán băm không được khai báo", "the digest algorithm is undeclared")
        )


def _check_content(signed_data: Any, subfilter: str, form: Form) -> None:
    content = signed_data["encap_content_info"]
    kind = content["content_type"].native
    if subfilter == TIMESTAMP:
        if kind != "tst_info":
            form.failures.append(_fault("không phải dấu thời gian", "it is not a time-stamp"))
    elif kind != "data" or not isinstance(content["content"], core.Void):
        form.failures.append(
            _fault("chữ ký phải tách rời nội dung", "the signature must be detached from the content")
        )


def _look_at_unsigned(attributes: Any, form: Form) -> None:
    if isinstance(attributes, core.Void):
        return
    for attribute in attributes:
        name = attribute["type"].native
        if name not in _EXPECTED_UNSIGNED:
            form.warnings.append(reason("unsigned-attribute", name=name))


def _fault(fault: str, fault_en: str) -> Reason:
    return reason("cms-structure", {"fault": fault_en}, fault=fault)
