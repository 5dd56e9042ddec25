"""Administrative acts from a command: draft, approve, perform.

    python -m hsm act create_credential --parameters '{"profile": "service-seal", …}' -o act.json
    python -m hsm approve act.json --key admin-1.jwk -o approval-1.jws
    python -m hsm perform act.json approval-1.jws approval-2.jws --socket unix:run/hsm-admin.sock

Two people hold the two keys: each reads the act and approves it on their own machine. In
development ``perform`` takes ``--key`` twice instead.
"""

from pathlib import Path
from typing import Any

import orjson
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from hsm.acts.act import AdminAct, new_act_id
from hsm.acts.approval import ACT_TYPE
from hsm.client import Approval
from hsm.errors import ActMalformed

ALGORITHM_OF = {"EC": "ES256", "RSA": "PS256", "OKP": "EdDSA"}
_KIND_OF: dict[str, type[Key]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
ACT_SECONDS = 8 * 3600


def draft(action: str, parameters: dict[str, Any], *, now: int) -> bytes:
    """The canonical bytes of a new administrative act that may be approved for eight hours."""
    return AdminAct(new_act_id(), action, parameters, now, now + ACT_SECONDS).encode()


def approve(act: bytes, key_file: Path) -> Approval:
    """An administrator's approval: a JWS over exactly these bytes. Raises ActMalformed."""
    try:
        jwk = orjson.loads(key_file.read_bytes())
        key = _KIND_OF[jwk["kty"]].import_key(jwk)
    except (OSError, ValueError, KeyError) as error:
        raise ActMalformed(f"The key {key_file} cannot be used.") from error
    algorithm = ALGORITHM_OF[jwk["kty"]]
    header = {"alg": algorithm, "kid": key.thumbprint(), "typ": ACT_TYPE}
    return Approval("admin_jws", jws.serialize_compact(header, act, key, algorithms=[algorithm]))


def read_approval(path: Path) -> Approval:
    """From a file: an administrator's compact JWS, or a person's as ``{"kind": …, "evidence": …}``.

    Raises ActMalformed.
    """
    try:
        text = path.read_text("utf-8").strip()
        if not text.startswith("{"):
            return Approval("admin_jws", text)
        members = orjson.loads(text)
        return Approval(str(members["kind"]), str(members["evidence"]))
    except (OSError, ValueError, KeyError) as error:
        raise ActMalformed(f"The approval {path} cannot be used.") from error
