"""What the revisions after a signature did, and whether that signature allows it (ISO 32000-2 §12.8.2).

pyHanko's difference policy explains every changed object or objects. Two things it does not see are added
here: appearances of signature fields that come later and hide what was signed (a shadow attack by a
signature field), and which revision did what, for people to read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel, SuspiciousModification
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signsvc.pades.validation.reasons import reason
from signsvc.pades.validation.verdict import Change, Reason
from signsvc.pades.validation.widgets import Pages, Widget, covered

LARGE_PART = 0.2
MUCH_TEXT = 200

Kind = Literal["signature", "timestamp", "validation_data", "form_filling", "annotation", "other"]

_SAID: dict[Kind, tuple[str, str]] = {
    "signature": ("Thêm chữ ký", "A signature was added"),
    "timestamp": ("Thêm dấu thời gian của tài liệu", "A document time-stamp was added"),
    "validation_data": ("Thêm dữ liệu xác thực lâu dài", "Validation data was added"),
    "form_filling": ("Điền hoặc sửa biểu mẫu", "Form fields were filled or changed"),
    "annotation": ("Thêm hoặc sửa chú thích", "Annotations were added or changed"),
    "other": ("Thay đổi khác", "Another change"),
}
_HARMLESS = ("Cập nhật không đổi nội dung", "An update that leaves the content as it was")


@dataclass(slots=True)
class Later:
    """All that follows one signature. ``failures`` forbid it, ``doubts`` leave it open."""

    changes: list[Change] = field(default_factory=list)
    failures: list[Reason] = field(default_factory=list)
    doubts: list[Reason] = field(default_factory=list)
    warnings: list[Reason] = field(default_factory=list)


@dataclass(slots=True)
class _Revision:
    """What one revision did to the one before. ``level`` None: something that no rule explains."""

    kind: Kind
    level: ModificationLevel | None
    fields: tuple[str, ...] = ()
    signature_fields: tuple[str, ...] = ()
    page: int | None = None


class LaterChanges:
    """Looks at each revision once, whichever signatures lie before it."""

    def __init__(
        self,
        reader: PdfFileReader,
        path: Path,
        signatures: Sequence[EmbeddedPdfSignature],
        answerable: set[str],
    ) -> None:
        """``answerable``: names of the fields whose signatures passed: somebody stands for their stamps."""
        self._reader = reader
        self._path = path
        self._signed: dict[int, list[EmbeddedPdfSignature]] = {}
        for signature in signatures:
            self._signed.setdefault(signature.signed_revision, []).append(signature)
        self._answerable = answerable
        self._revisions: dict[int, _Revision] = {}
        self._pages: dict[int, Pages] = {}
        final = Pages(reader)
        self._final_widgets = {
            name: list(final.widgets(found)) for name, _, found in enumerate_sig_fields(reader)
        }
        self._covered: dict[tuple[int, Any], tuple[float, int]] = {}

    def after(self, signature: EmbeddedPdfSignature) -> Later:
        """Everything behind the revision of this signature, in order."""
        later = Later()
        locked, permitted = signature.fieldmdp, signature.docmdp_level
        for number in range(signature.signed_revision + 1, self._reader.xrefs.total_revisions):
            revision = self._revision(number)
            allowed = self._allowed(number, revision, locked, permitted)
            later.changes.append(_describe(number, revision, allowed=allowed))
            self._judge(number, revision, permitted, later, allowed=allowed)
        if later.changes:
            self._judge_stamps(signature, later)
        return later

    def _revision(self, number: int) -> _Revision:
        if number not in self._revisions:
            self._revisions[number] = self._inspect(number)
        return self._revisions[number]

    def _inspect(self, number: int) -> _Revision:
        old = self._reader.get_historical_resolver(number - 1)
        new = self._reader.get_historical_resolver(number)
        level, changed = _compare(old, new, None, None)
        before, now = _field_names(old), _field_names(new)
        signed = self._signed.get(number, [])
        kind: Kind = self._kind(number, level, signed)
        page = None
        if level is None or level is ModificationLevel.ANNOTATIONS:
            page = self._changed_annotation(number)
            if kind == "other" and page is not None:
                kind = "annotation"
        for name in sorted(now - before):
            for widget in self._final_widgets.get(name, ()):
                page = page or widget.page
        return _Revision(
            kind,
            level,
            fields=tuple(sorted(changed - now)),
            signature_fields=tuple(sorted(signature.field_name for signature in signed)),
            page=page,
        )

    def _kind(self, number: int, level: ModificationLevel | None, signed: list[EmbeddedPdfSignature]) -> Kind:
        if any(signature.sig_object_type != "/DocTimeStamp" for signature in signed):
            return "signature"
        if signed:
            return "timestamp"
        if level is ModificationLevel.FORM_FILLING:
            return "form_filling"
        if level is ModificationLevel.ANNOTATIONS:
            return "annotation"
        if level is not None and self._store_changed(number):
            return "validation_data"
        return "other"

    def _store_changed(self, number: int) -> bool:
        new: Any = self._reader.get_historical_resolver(number)
        if "/DSS" not in new.root:
            return False
        touched = new.explicit_refs_in_revision()
        store = new.root.get_value_as_reference("/DSS", optional=True)
        return new.root_ref in touched or store in touched

    def _changed_annotation(self, number: int) -> int | None:
        """The page of the first annotation, no form field, that came or went or was rewritten."""
        before = self._pages_of(number - 1).annotations
        new: Any = self._reader.get_historical_resolver(number)
        touched = {(reference.idnum, reference.generation) for reference in new.explicit_refs_in_revision()}
        for key, (page, subtype) in self._pages_of(number).annotations.items():
            if subtype != "/Widget" and (key not in before or key in touched):
                return page
        return None

    def _pages_of(self, number: int) -> Pages:
        if number not in self._pages:
            self._pages[number] = Pages(self._reader.get_historical_resolver(number))
        return self._pages[number]

    def _allowed(
        self, number: int, revision: _Revision, locked: FieldMDPSpec | None, permitted: MDPPerm | None
    ) -> bool:
        if revision.level is None:
            return False
        level: ModificationLevel | None = revision.level
        if locked is not None or permitted is not None:
            old = self._reader.get_historical_resolver(number - 1)
            new = self._reader.get_historical_resolver(number)
            level, _ = _compare(old, new, locked, permitted)
        if level is None or level is ModificationLevel.OTHER:
            return False
        return permitted is None or level.value <= permitted.value

    def _judge(
        self,
        number: int,
        revision: _Revision,
        permitted: MDPPerm | None,
        later: Later,
        *,
        allowed: bool,
    ) -> None:
        if not allowed:
            if revision.kind == "annotation" and permitted is MDPPerm.ANNOTATE:
                # The signer allowed comments; whether one hides the text is for a person to see.
                later.doubts.append(reason("annotated-after-signing", revision=number + 1))
            else:
                later.failures.append(reason("changed-after-signing", revision=number + 1))
            return
        if revision.fields:
            later.warnings.append(reason("form-filled-after-signing", fields=", ".join(revision.fields)))

    def _judge_stamps(self, signature: EmbeddedPdfSignature, later: Later) -> None:
        """The pictures of fields that this signer never saw, as they are now, however many steps it took."""
        seen = _field_names(self._reader.get_historical_resolver(signature.signed_revision))
        for name, widgets in self._final_widgets.items():
            if name not in seen:
                for widget in widgets:
                    self._judge_stamp(name, widget, later)

    def _judge_stamp(self, name: str, widget: Widget, later: Later) -> None:
        """A stamp may lie over text, as a seal over a signature does, if somebody known stands for it.

        It may not hide a page. A field with a picture that nobody signed has no reason to be.
        """
        if not widget.draws:
            return
        if widget.page is None:
            later.doubts.append(reason("overlay", page="?"))
            return
        key = (widget.page, widget.rect)
        if key not in self._covered:
            self._covered[key] = covered(self._path, widget.page, widget.rect)
        part, letters = self._covered[key]
        hides = part >= LARGE_PART or letters >= MUCH_TEXT
        if hides or (letters and name not in self._answerable):
            later.doubts.append(reason("overlay", page=widget.page))
        elif letters:
            later.warnings.append(reason("overlap-later-stamp", page=widget.page))


def _field_names(handler: Any) -> set[str]:
    return {name for name, _, _ in enumerate_sig_fields(handler)}


def _compare(
    old: HistoricalResolver,
    new: HistoricalResolver,
    locked: FieldMDPSpec | None,
    permitted: MDPPerm | None,
) -> tuple[ModificationLevel | None, set[str]]:
    try:
        result = DEFAULT_DIFF_POLICY.apply(old, new, field_mdp_spec=locked, doc_mdp=permitted)
    except SuspiciousModification:
        return None, set()
    return result.modification_level, set(result.changed_form_fields)


def _describe(number: int, revision: _Revision, *, allowed: bool) -> Change:
    said, said_en = _SAID[revision.kind]
    if revision.kind == "other" and allowed:
        said, said_en = _HARMLESS
    fields = revision.signature_fields + revision.fields
    names = f": {', '.join(fields)}" if fields else ""
    forbidden, forbidden_en = ("", "") if allowed else (" (không được phép)", " (not allowed)")
    return Change(
        revision=number + 1,
        kind=revision.kind,
        allowed=allowed,
        message=f"{said}{names}{forbidden}.",
        message_en=f"{said_en}{names}{forbidden_en}.",
        fields=fields,
        page=revision.page,
    )
