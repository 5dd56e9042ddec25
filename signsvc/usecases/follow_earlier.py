"""What an operation comes after: the bytes' side of the order that the key process holds by its journal.

::

    1 inspect the document: which digests did its signatures sign, which was the last?
    2 the signature named as the earlier one must be that last one (an annex's is in its main document)
    3 every signature in it must be valid, and what was added since allowed

The key process knows that such a digest was signed, by whom and as what; that these bytes carry it, and
nothing but allowed changes since, can be seen only here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hsm.client import Earlier
from signsvc.errors import EarlierSignatureRefused, EarlierSignatureUnchecked
from signsvc.pades.intake import Intake
from signsvc.pades.prepare import decode_prepared
from signsvc.pades.validate import Indication, Validator
from signsvc.store.signatures import Signatures, State
from signsvc.usecases.wishes import EarlierWish, OperationWish


@dataclass(frozen=True, slots=True)
class FollowEarlier:
    """Raises EarlierSignatureRefused, EarlierSignatureUnchecked, InspectionUnavailable, StoreUnavailable."""

    signatures: Signatures
    intake: Callable[[], Intake]
    validator: Callable[[], Validator]

    def __call__(
        self, client_id: str, path: Path, operation: OperationWish, *, now: datetime
    ) -> Earlier | None:
        """What the act's item names as ``over``; None for the first signature in a document."""
        named = self._named(client_id, operation.over) if operation.over else None
        # 1
        signed = [bytes.fromhex(digest) for digest in self.intake().inspect(path).signed]
        # 2
        if operation.name == "annex":
            return self._follow_main_document(named, signed)
        if not signed:
            if named is not None:
                raise _refused(
                    "tài liệu này chưa có chữ ký nào, nên không có chữ ký trước để nối tiếp.",
                    "this document has no signature yet, so there is none to come after.",
                )
            if operation.name == "issue":
                raise _refused(
                    "chưa có chữ ký của người có thẩm quyền; hãy ký trước, rồi mới ban hành và đóng dấu.",
                    "the competent person's signature is missing: have it signed, then issue it.",
                )
            return None
        if named is None:
            raise _refused(
                "tài liệu đã có chữ ký; hãy nêu chữ ký cuối cùng trong over (signature_id hoặc leaf_index).",
                "the document is signed: name its last signature in over (signature_id or leaf_index).",
            )
        leaf_index, digest = named
        if digest not in (b"", signed[-1]):
            raise _refused(
                "chữ ký nêu trong over không phải chữ ký cuối cùng của tài liệu này.",
                "the signature named in over is not the last one in this document.",
            )
        # 3
        self._check_valid(path, now)
        return Earlier(leaf_index, signed[-1])

    def _follow_main_document(self, named: tuple[int, bytes] | None, signed: list[bytes]) -> Earlier:
        if named is None or not named[1]:
            raise _refused(
                "phụ lục phải nêu chữ ký của văn bản chính trong over "
                "(signature_id, hoặc leaf_index và digest).",
                "an annex names its main document's signature in over "
                "(signature_id, or leaf_index and digest).",
            )
        if signed:
            raise _refused(
                "phụ lục trong tệp riêng không mang chữ ký nào trước dấu của cơ quan.",
                "an annex in a file of its own carries no signature before the seal.",
            )
        return Earlier(*named)

    def _named(self, client_id: str, over: EarlierWish) -> tuple[int, bytes]:
        if not over.signature_id:
            return over.leaf_index or 0, over.digest
        stored = self.signatures.find(client_id, over.signature_id)
        if stored is None or stored.leaf_index is None or stored.state is not State.COMPLETED:
            raise _refused(
                "không có chữ ký đã hoàn thành nào mang mã nêu trong over.",
                "there is no completed signature of the id named in over.",
            )
        return stored.leaf_index, decode_prepared(stored.prepared).digest

    def _check_valid(self, path: Path, now: datetime) -> None:
        verdict = self.validator().validate(path, now=now)
        if verdict.verdict is Indication.TOTAL_PASSED:
            return
        detail = ", ".join(one.sub_indication or one.verdict for one in verdict.signatures)
        if verdict.verdict is Indication.INDETERMINATE:
            raise EarlierSignatureUnchecked(
                "Chưa khẳng định được chữ ký trước còn hợp lệ (trạng thái chứng thư chưa tra cứu được); "
                "hãy thử lại sau.",
                "It could not be established that the earlier signature is valid; try again later.",
                detail=detail,
            )
        raise _refused(
            "chữ ký trước không hợp lệ, hoặc tài liệu đã bị sửa sau khi ký.",
            "the earlier signature is not valid, or the document was changed since.",
            detail=detail,
        )


def _refused(message: str, message_en: str, *, detail: str = "") -> EarlierSignatureRefused:
    return EarlierSignatureRefused(
        f"Không đúng trình tự: {message}", f"Out of order: {message_en}", detail=detail
    )
