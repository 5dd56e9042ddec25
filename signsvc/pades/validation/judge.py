"""Judge one document. In the service it runs in a limited process of its own: see ``worker``."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from pyhanko.sign.fields import enumerate_sig_fields

from signsvc.pades.errors import DocumentRefused
from signsvc.pades.reading import open_reader
from signsvc.pades.validation.case import Case, check_together, open_case
from signsvc.pades.validation.coverage import check_tail
from signsvc.pades.validation.describe import conclude, describe, undecided
from signsvc.pades.validation.examine import Examined, Examiner
from signsvc.pades.validation.later_changes import LaterChanges
from signsvc.pades.validation.policy import Policy, read_evidence
from signsvc.pades.validation.reached import earliest, store_revision
from signsvc.pades.validation.reasons import reason
from signsvc.pades.validation.verdict import DocumentFacts, Verdict
from signsvc.pades.validation.widgets import Pages

MAX_SIGNATURES = 200


def judge(path: Path, policy: Policy, now: datetime) -> Verdict:
    """The verdict on the file. Raises for nothing in it but MemoryError; OSError if it cannot be opened."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        try:
            return _judge(stream, path, size, policy, now)
        except DocumentRefused as error:
            return undecided(reason(error.findings[0].code), "SIGNED_DATA_NOT_FOUND", size, now)
        except RecursionError:
            return undecided(reason("too-costly"), "FORMAT_FAILURE", size, now)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 -- whatever the parsers raise over hostile bytes
            return undecided(reason("unreadable"), "FORMAT_FAILURE", size, now)


def _judge(stream: BinaryIO, path: Path, size: int, policy: Policy, now: datetime) -> Verdict:
    reader = open_reader(stream)
    if reader.encrypted and reader.decrypt("").status is AuthStatus.FAILED:
        return undecided(reason("encrypted"), "SIGNED_DATA_NOT_FOUND", size, now, encrypted=True)
    fields = list(enumerate_sig_fields(reader, filled_status=True))
    if len(fields) > MAX_SIGNATURES:
        return undecided(reason("too-many-signatures", count=len(fields)), "FORMAT_FAILURE", size, now)
    pages = Pages(reader)
    cases = [open_case(reader, stream, *entry) for entry in fields]
    cases.sort(key=lambda case: size + 1 if case.extent is None else case.extent.end)
    check_together(cases, reader)
    tail = check_tail(stream)
    if tail is not None:
        for case in cases:
            case.form.failures.append(tail)
    evidence = read_evidence(reader, [case.signature for case in cases if case.signature is not None])
    if cases:
        sound = not any(case.form.failures for case in cases if case.is_timestamp)
        examiner = Examiner(reader, policy.specs(evidence), now, archives_sound=sound)
        asyncio.run(_examine(cases, reader, examiner))
        _look_later(cases, reader, path)
    verdicts = [describe(case, pages, evidence, policy.settings, size=size, now=now) for case in cases]
    facts = DocumentFacts(
        size=size,
        pages=pages.count,
        revisions=reader.xrefs.total_revisions,
        encrypted=bool(reader.encrypted),
        signed_to_the_end=any(verdict.covers_whole_file for verdict in verdicts),
    )
    return conclude(verdicts, facts, now)


async def _examine(cases: Sequence[Case], reader: PdfFileReader, examiner: Examiner) -> None:
    """Document time-stamps first: they prove when the signatures before them existed."""
    good: list[tuple[int, datetime]] = []
    for case in cases:
        if case.is_timestamp and case.signature is not None:
            case.examined = await _guarded(case, examiner, None)
            if case.examined.sub is AdESPassed.OK and not case.form.failures:
                time = case.signature.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
                good.append((case.signature.signed_revision, time))
    store = store_revision(reader)
    for case in cases:
        if case.is_timestamp or case.signature is None:
            continue
        own = case.signature.signed_revision
        case.archived_at = earliest(time for revision, time in good if revision > own)
        case.store_archived = store is not None and any(
            revision > own and revision >= store for revision, _ in good
        )
        case.examined = await _guarded(case, examiner, case.archived_at)


async def _guarded(case: Case, examiner: Examiner, archived_at: datetime | None) -> Examined:
    signature = case.signature
    assert signature is not None  # noqa: S101 -- the caller looked
    try:
        if case.is_timestamp:
            return await examiner.examine_timestamp(signature)
        return await examiner.examine(signature, archived_at)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- whatever the parsers raise over hostile bytes
        case.form.doubts.append(reason("processing"))
        return Examined(AdESIndeterminate.GENERIC)


def _look_later(cases: Sequence[Case], reader: PdfFileReader, path: Path) -> None:
    readable = [case.signature for case in cases if case.signature is not None]
    answerable = {
        case.name
        for case in cases
        if case.examined is not None and case.examined.sub is AdESPassed.OK and not case.form.failures
    }
    later = LaterChanges(reader, path, readable, answerable)
    for case in cases:
        if case.signature is None or case.form.failures:
            continue
        try:
            case.later = later.after(case.signature)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 -- a revision that cannot be compared may have changed anything
            case.later.failures.append(
                reason("changed-after-signing", revision=case.signature.signed_revision + 2)
            )
