"""The document security store (ISO 32000-2 §12.8.4.3, ETSI EN 319 142-1 §5.4.2).

No VRI dictionaries: EN 319 142-1 §6.3 does not want them, and the arrays say it all.
"""

import hashlib
from typing import Any

from signsvc.pades.appending import Appender
from signsvc.pades.objects import array, dictionary, entry, name, stream
from signsvc.pades.revocation import Evidence


def add_evidence(writer: Appender, evidence: Evidence) -> bool:
    """Add to the document what its store lacks; say whether anything was lacking. Nothing is removed."""
    store = entry(writer.root, "/DSS")
    created = store is None
    if created:
        store = dictionary({"/Type": name("/DSS")})
    changed = False
    for key, values in (
        ("/Certs", evidence.certificates),
        ("/OCSPs", evidence.ocsps),
        ("/CRLs", evidence.crls),
    ):
        changed |= _add_values(writer, store, key, values)
    if created:
        writer.root[name("/DSS")] = writer.add_object(store)
        writer.update_root()  # type: ignore[no-untyped-call]
    elif changed:
        writer.update_container(store)
    return changed


def _add_values(writer: Appender, store: Any, key: str, values: tuple[bytes, ...]) -> bool:
    present = entry(store, key)
    held = [] if present is None else list(present)
    known = {hashlib.sha256(item.get_object().data).digest() for item in held}
    added = [
        writer.add_object(stream({}, value))
        for value in values
        if hashlib.sha256(value).digest() not in known
    ]
    if added:
        # An array of its own may be shared or indirect: a new one stands in the store itself.
        store[name(key)] = array([*held, *added])
    return bool(added)
