"""Certificates, CRLs and OCSP: open to everyone, as a real authority's are."""

import base64
import binascii
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, Response, abort, request

from devca.ceremony import Authority
from devca.misbehaviour import CrlFault, OcspFault, Switch
from devca.ocsp import Responder
from devca.revocation import LIFETIME, build_crl, current_crl

_OCSP_TYPE = "application/ocsp-response"
_CRL_TYPE = "application/pkix-crl"
_MEGABYTE = 1024 * 1024


def blueprint(
    authority: Authority, responder: Responder, switch: Switch, clock: Callable[[], datetime]
) -> Blueprint:
    routes = Blueprint("status", __name__)
    issuers = {"root": authority.root, "issuing": authority.issuing}
    published = {**issuers, "tsa": authority.tsa, "ocsp": authority.ocsp}

    @routes.get("/<any(root, issuing, tsa, ocsp):label>.pem")
    def certificate_pem(label: str) -> Response:
        pem = published[label].certificate.public_bytes(Encoding.PEM)
        return Response(pem, content_type="application/x-pem-file")

    @routes.get("/ca/<any(root, issuing):label>.crt")
    def certificate_der(label: str) -> Response:
        der = issuers[label].certificate.public_bytes(Encoding.DER)
        return Response(der, content_type="application/pkix-cert")

    @routes.get("/crl/<any(root, issuing):label>.crl")
    def crl(label: str) -> Response:
        fault = switch.current()
        if fault.crl is CrlFault.DOWN:
            abort(503)
        if fault.crl is CrlFault.SLOW:
            time.sleep(abs(fault.seconds))
        if fault.crl is CrlFault.HUGE:
            return Response(_huge(fault.megabytes * _MEGABYTE), content_type=_CRL_TYPE)
        if fault.crl is CrlFault.STALE:
            return Response(
                build_crl(issuers[label], 1, [], now=clock(), lifetime=-LIFETIME), content_type=_CRL_TYPE
            )
        return Response(current_crl(authority.index, issuers[label], now=clock()), content_type=_CRL_TYPE)

    @routes.post("/ocsp")
    def ocsp_post() -> Response:
        if request.mimetype != "application/ocsp-request":
            abort(415)
        return answer(request.get_data())

    @routes.get("/ocsp/<path:encoded>")
    def ocsp_get(encoded: str) -> Response:
        # RFC 6960, Appendix A.1: base64 in the path, percent-encoded.
        try:
            return answer(base64.b64decode(encoded, validate=True))
        except binascii.Error:
            abort(400)

    def answer(der: bytes) -> Response:
        fault = switch.current()
        if fault.ocsp is OcspFault.DOWN:
            abort(503)
        if fault.ocsp is OcspFault.SLOW:
            time.sleep(abs(fault.seconds))
        return Response(responder.answer(der, now=clock(), fault=fault.ocsp), content_type=_OCSP_TYPE)

    return routes


def _huge(size: int) -> Iterator[bytes]:
    """Begins as a DER SEQUENCE of this length would, then goes on and on."""
    yield b"\x30\x84" + size.to_bytes(4)
    for _ in range(size // _MEGABYTE):
        yield bytes(_MEGABYTE)
