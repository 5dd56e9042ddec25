"""Which PAdES baseline level a signature reached, counting only what was checked (EN 319 142-1 §6)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

from signsvc.pades.levels import Level
from signsvc.pades.validation.policy import Evidence


def find_level(
    evidence: Evidence,
    paths: Iterable[tuple[Any, ...]],
    *,
    stamped: bool,
    archived: bool,
) -> Level:
    """For a signature that has all of B-B.

    ``paths``: the signer's and the time-stamp's certificates; ``stamped``: a good time-stamp shows when it
    was; ``archived``: a good document time-stamp covers the security store.
    """
    if not stamped:
        return Level.B_B
    needed = [certificate for path in paths for certificate in path]
    if not needed or not all(_has_status(certificate, evidence) for certificate in needed):
        return Level.B_T
    return Level.B_LTA if archived else Level.B_LT


def store_revision(reader: PdfFileReader) -> int | None:
    """The revision that last touched the document security store."""
    store = reader.root.get_value_as_reference("/DSS", optional=True) if "/DSS" in reader.root else None
    return None if store is None else int(reader.xrefs.get_last_change(store))


def earliest(times: Iterable[datetime | None]) -> datetime | None:
    """The first of the times that are known."""
    return min((time for time in times if time is not None), default=None)


def _has_status(certificate: Any, evidence: Evidence) -> bool:
    if certificate.ocsp_no_check_value is not None:
        return True
    for container in evidence.ocsps:
        single = container.extract_single_response()
        if single is not None and single["cert_id"]["serial_number"].native == certificate.serial_number:
            return True
    return any(
        container.crl_data.issuer.hashable == certificate.issuer.hashable for container in evidence.crls
    )
