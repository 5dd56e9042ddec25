"""Acts over random digests, for measures that ask the key process itself."""

import secrets
from datetime import UTC, datetime

from hsm.client import ActItem, SignAct, SignatureAlgorithm, new_act_id

LIFETIME = 600


def hash_act(client_id: str, credential_id: str) -> tuple[bytes, bytes]:
    """A canonical act that signs one digest (ES256), and the digest."""
    digest, moment = secrets.token_bytes(32), int(datetime.now(UTC).timestamp())
    item = ActItem(digest, "MẪU", "dtbsr")
    act = SignAct(
        new_act_id(), client_id, credential_id, SignatureAlgorithm.ES256, (item,), moment, moment + LIFETIME
    )
    return act.encode(), digest
