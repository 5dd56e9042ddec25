"""The time-stamping endpoint (RFC 3161 §3.4)."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, request

from devca.misbehaviour import Switch, TsaFault
from devca.timestamp import TimestampAuthority


def blueprint(
    tsa: TimestampAuthority,
    expired: TimestampAuthority | None,
    switch: Switch,
    clock: Callable[[], datetime],
) -> Blueprint:
    """``expired`` answers when a test asks for a TSA whose certificate has ended."""
    routes = Blueprint("timestamping", __name__)

    @routes.post("/tsa")
    def timestamp() -> Response:
        if request.mimetype != "application/timestamp-query":
            abort(415)
        fault = switch.current()
        if fault.tsa is TsaFault.DOWN:
            abort(503)
        if fault.tsa is TsaFault.SLOW:
            time.sleep(abs(fault.seconds))
        now = clock()
        if fault.tsa is TsaFault.CLOCK_OFF:
            now += timedelta(seconds=fault.seconds)
        signer = expired if fault.tsa is TsaFault.EXPIRED_CERTIFICATE and expired else tsa
        answer = signer.respond(request.get_data(), now=now, fault=fault.tsa)
        return Response(answer, content_type="application/timestamp-reply")

    return routes
