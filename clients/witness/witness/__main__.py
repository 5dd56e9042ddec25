"""antin-witness init | observe | run | verify."""

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path

from witness.errors import NoteInvalid, WitnessError
from witness.folder import Folder
from witness.note import COSIGNER_KEY, LOG_KEY, parse_verifier_key, verify_checkpoint, verify_cosignature
from witness.observe import Observed, Witness
from witness.source import open_source

REFRESH_SECONDS = 60


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused or failed, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        result = options.run(options)
    except WitnessError as error:
        _say("refused", error=type(error).__name__, reason=str(error))
        return 1
    if result is not None:
        print(json.dumps(result, ensure_ascii=False))
    return 0


def _init(options: argparse.Namespace) -> dict[str, str]:
    return {"verifier_key": str(Folder(options.dir).create(options.name))}


def _observe(options: argparse.Namespace) -> dict[str, object]:
    return _summary(_witness(options).observe(now=int(time.time())))


def _run(options: argparse.Namespace) -> None:
    witness = _witness(options)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    said = ""
    last: Observed | None = None
    while not stopping.is_set():
        try:
            seen = witness.observe(now=int(time.time()))
        except WitnessError as error:
            # Said once, not each second; what was a proof is in the folder.
            if str(error) != said:
                _say("refused", error=type(error).__name__, reason=str(error))
            said = str(error)
        else:
            if said or last is None or seen.grown:
                _say("cosigned", **_summary(seen))
            said, last = "", seen
        stopping.wait(options.interval)


def _verify(options: argparse.Namespace) -> dict[str, object]:
    try:
        note = options.checkpoint.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise NoteInvalid(f"{options.checkpoint} cannot be read.") from error
    checkpoint = verify_checkpoint(note, parse_verifier_key(options.verifier_key, LOG_KEY))
    moment = verify_cosignature(note, parse_verifier_key(options.witness_key, COSIGNER_KEY))
    return {"origin": checkpoint.origin, "size": checkpoint.size, "cosigned_at": moment}


def _witness(options: argparse.Namespace) -> Witness:
    return Witness(
        Folder(options.dir),
        open_source(options.log),
        parse_verifier_key(options.verifier_key, LOG_KEY),
        entries=not options.hashes_only,
        refresh=REFRESH_SECONDS,
    )


def _summary(seen: Observed) -> dict[str, object]:
    return {"origin": seen.checkpoint.origin, "size": seen.checkpoint.size, "grown": seen.grown}


def _say(event: str, **fields: object) -> None:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(json.dumps({"event": event, "timestamp": moment, **fields}, ensure_ascii=False), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("antin-witness", description="Cosigns a journal that only grows.")
    commands = parser.add_subparsers(required=True)
    init = commands.add_parser("init", help="make a witness: its key and its folder")
    init.set_defaults(run=_init)
    init.add_argument("--name", required=True, help="such as witness.example/antin")
    init.add_argument("--dir", type=Path, required=True)
    for name, run, summary in (("observe", _observe, "look once"), ("run", _run, "look again and again")):
        command = commands.add_parser(name, help=summary)
        command.set_defaults(run=run)
        command.add_argument("--dir", type=Path, required=True)
        command.add_argument("--log", required=True, help="the log's address or folder")
        command.add_argument("--verifier-key", required=True, help="the log's: name+hash+key")
        command.add_argument("--hashes-only", action="store_true", help="do not read the entries")
        command.add_argument("--interval", type=float, default=1.0, help="seconds (run)")
    verify = commands.add_parser("verify", help="verify a cosigned checkpoint")
    verify.set_defaults(run=_verify)
    verify.add_argument("checkpoint", type=Path)
    verify.add_argument("--verifier-key", required=True)
    verify.add_argument("--witness-key", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
