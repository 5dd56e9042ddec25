"""The key ceremony: one TOML file in, a token with its first keys and a transcript out.

    python -m hsm ceremony ceremony.toml --transcript transcript.json

The file is the only input, so that it can be read and agreed before anything happens::

    [token]
    vendor = "softhsm"              # vendors.toml
    module = "/usr/lib/softhsm/libsofthsm2.so"
    label = "an-tin"
    softhsm_conf = "run/softhsm2.conf"   # make a SoftHSM token; left out: the token exists already
    so_pin_file = "secrets/so-pin"
    pin_file = "secrets/pin"

    [vault]                         # left out: KEKs are made in the token alone, and can't be rotated
    label = "an-tin-vault"          # a token of its own, whose PIN the key process never has
    pin_file = "/media/safe/vault-pin"

    [journal]
    origin = "antin.example.gov.vn/journal"

    [store]
    database_url = "sqlite:///run/hsm.sqlite3"

    [keks]
    personal = "kek-1"              # wraps personal keys

    [policy]                        # left out: the policy that comes with the package
    directory = "policies"
    sha256 = "…"                    # the digest that was agreed (python -m policies.check)

    [[admins]]                      # at least two: nobody governs a key alone
    id = "admin-1"
    name = "Nguyễn Văn A"
    jwk = "secrets/admin-1.public.jwk"

Run again, it keeps what exists and says so: it never replaces a key.
"""

import json
import os
import tomllib
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import make_url

from hsm import store
from hsm.acts.factors import FACTORS_KEY
from hsm.acts.jose import import_verifying_key
from hsm.acts.row_seals import ROWS_KEY, RowSeals, admin_row
from hsm.algorithms import KeyKind
from hsm.database import Database
from hsm.errors import HsmError
from hsm.found import found_policy, seal_what_is_there
from hsm.journal.seal import JOURNAL_KEY_LABEL, JournalKey
from hsm.schema.migrate import migrate
from hsm.store import StoredAdmin
from hsm.token.provision import make_softhsm_token, write_softhsm_conf
from hsm.token.token import Token, TokenSettings
from hsm.token.vault import Vault, carry_kek


class CeremonyError(HsmError):
    """The ceremony's file is wrong, or what it finds is not what it says."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _TokenPart(_Part):
    vendor: str
    module: Path
    label: str
    softhsm_conf: Path | None = None
    so_pin_file: Path | None = None
    pin_file: Path


class _VaultPart(_Part):
    label: str
    pin_file: Path


class _JournalPart(_Part):
    origin: str = Field(pattern=r"^[^\s+]+$")


class _StorePart(_Part):
    database_url: str


class _KekPart(_Part):
    personal: str


class _PolicyPart(_Part):
    directory: Path | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class _AdminPart(_Part):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    name: str
    jwk: Path


class CeremonyFile(_Part):
    """The whole input."""

    token: _TokenPart
    vault: _VaultPart | None = None
    journal: _JournalPart
    store: _StorePart
    keks: _KekPart
    policy: _PolicyPart = _PolicyPart()
    admins: list[_AdminPart] = Field(min_length=2)


def read_ceremony(path: Path) -> CeremonyFile:
    """Read and check the file. Raises CeremonyError naming every fault."""
    try:
        return CeremonyFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise CeremonyError(f"The ceremony file {path} cannot be used: {error}") from error


def hold_ceremony(file: CeremonyFile, *, now: datetime) -> dict[str, Any]:
    """Make what is missing and return the transcript: what was done and every public part."""
    steps: list[dict[str, str]] = []

    def note(what: str, outcome: str) -> None:
        steps.append({"step": what, "outcome": outcome})

    part = file.token
    if part.softhsm_conf:
        note(f"token {part.label}", "made" if _make_token(part, part.softhsm_conf) else "kept")
    token = Token.open(
        TokenSettings(module=part.module, vendor=part.vendor, token_label=part.label, pin_file=part.pin_file)
    )
    try:
        # First of all: every other look at the token is believed only when the canary signs.
        token.make_canary()
        note("canary key", "ready")
        existing = set(token.labels())
        if file.keks.personal in existing:
            note(f"KEK {file.keks.personal}", "kept")
        else:
            note(f"KEK {file.keks.personal}", make_kek(file, token, file.keks.personal))
        if FACTORS_KEY in existing:
            note(f"sealing key {FACTORS_KEY}", "kept")
        else:
            token.generate_sealing_key(FACTORS_KEY)
            note(f"sealing key {FACTORS_KEY}", "made: AES-256, encrypts and decrypts, never leaves")
        if JOURNAL_KEY_LABEL in existing:
            note("journal key", "kept")
        else:
            token.generate_token_key(JOURNAL_KEY_LABEL, KeyKind.ED25519)
            note("journal key", "made: Ed25519")
        verifier_key = JournalKey(token, file.journal.origin).verifier_key
        migrate(file.store.database_url)
        note("database", "at the newest schema")
        admins, policy = _lay_down(file, token, note, now, sealing_key_is_new=ROWS_KEY not in existing)
    finally:
        token.close()
    return {
        "ceremony": "an-tin key ceremony",
        "held_at": now.isoformat(),
        "input": {**json.loads(file.model_dump_json()), "store": {"database": _without_password(file)}},
        "steps": steps,
        "journal_verifier_key": verifier_key,
        "admins": admins,
        "policy": {"version": 1, "sha256": policy},
    }


def _lay_down(
    file: CeremonyFile, token: Token, note: Any, now: datetime, *, sealing_key_is_new: bool
) -> tuple[list[dict[str, str]], str]:
    """What the store begins with, each row sealed: administrators and the first policy."""
    if sealing_key_is_new:
        token.generate_sealing_key(ROWS_KEY)
    database, seals = Database(file.store.database_url), RowSeals(token)
    try:
        if sealing_key_is_new:
            sealed = seal_what_is_there(database, seals)
            note(f"sealing key {ROWS_KEY}", f"made; {sealed} approval keys of before are sealed")
        else:
            note(f"sealing key {ROWS_KEY}", "kept")
        admins = _enter_admins(file, database, seals, note)
        digest, new = found_policy(database, seals, file.policy.directory, file.policy.sha256, now=now)
        note(f"policy {digest}", "in force as version 1" if new else "kept: later ones are acts")
    finally:
        database.close()
    return admins, digest


def make_kek(file: CeremonyFile, token: Token, label: str) -> str:
    """Make a KEK in the vault, if there is one, and put it into the token; what was done.

    May be repeated after a failure at any point. Raises CeremonyError, TokenError.
    """
    if file.vault is None:
        token.generate_kek(label)
        return "made: AES-256, wraps and unwraps, never leaves"
    vault = open_vault(file)
    try:
        if label not in vault.labels():
            vault.make_kek(label)
        carry_kek(vault, token, label)
    finally:
        vault.close()
    return f"made in {file.vault.label} and carried here: AES-256, wraps and unwraps, leaves neither in clear"


def open_vault(file: CeremonyFile) -> Vault:
    """The vault that the file names; a SoftHSM one is made. Raises CeremonyError, TokenError."""
    part = file.token
    if file.vault is None:
        raise CeremonyError("The ceremony's file has no [vault]: without one no key is wrapped anew.")
    if part.softhsm_conf:
        named = part.model_copy(update={"label": file.vault.label, "pin_file": file.vault.pin_file})
        _make_token(named, part.softhsm_conf)
    vault = Vault.open(
        TokenSettings(
            module=part.module,
            vendor=part.vendor,
            token_label=file.vault.label,
            pin_file=file.vault.pin_file,
        )
    )
    vault.make_canary()
    return vault


def open_token(file: CeremonyFile) -> Token:
    """The working token, which must be there already. Raises TokenError."""
    part = file.token
    if part.softhsm_conf:
        os.environ["SOFTHSM2_CONF"] = str(part.softhsm_conf.resolve())
    return Token.open(
        TokenSettings(module=part.module, vendor=part.vendor, token_label=part.label, pin_file=part.pin_file)
    )


def _without_password(file: CeremonyFile) -> str:
    return make_url(file.store.database_url).render_as_string(hide_password=True)


def _make_token(part: _TokenPart, conf: Path) -> bool:
    if part.so_pin_file is None:
        raise CeremonyError("token.so_pin_file is needed to make the token.")
    if not conf.exists():
        write_softhsm_conf(conf, conf.parent / "tokens")
    # SoftHSM reads its configuration from the environment, when the module is loaded.
    os.environ["SOFTHSM2_CONF"] = str(conf.resolve())
    return make_softhsm_token(
        conf, part.label, so_pin_file=part.so_pin_file, pin_file=part.pin_file, module=part.module
    )


def _enter_admins(file: CeremonyFile, database: Database, seals: RowSeals, note: Any) -> list[dict[str, str]]:
    entered = []
    for part in file.admins:
        try:
            jwk = orjson.loads(part.jwk.read_bytes())
            kid = import_verifying_key(jwk).kid
        except (OSError, ValueError) as error:
            raise CeremonyError(f"The key of {part.id} ({part.jwk}) cannot be used: {error}") from error
        stored = StoredAdmin(part.id, kid, part.name, store.jwk_text(jwk))
        with database.writing() as connection:
            if store.is_retired_admin(connection, part.id):
                # Held again to keep what exists, the ceremony brings nobody back.
                note(f"admin {part.id}", "retired")
                continue
            known = store.find_admin(connection, kid)
            if known is None:
                store.add_admin(connection, replace(stored, seal=seals.seal(admin_row(stored))))
        if known is not None and known.admin_id != part.id:
            raise CeremonyError(f"The key of {part.id} is already that of {known.admin_id}.")
        note(f"admin {part.id}", "kept" if known else "entered")
        entered.append({"id": part.id, "name": part.name, "kid": kid})
    if len({admin["kid"] for admin in entered}) != len(entered):
        raise CeremonyError("Two administrators have the same key: each must have their own.")
    return entered
