"""An authority reached through a portal and a person: a request goes out as a file, a chain comes back.

Certificates for official use come from the Government Cipher Committee's authority (Decree
68/2024/NĐ-CP), whose portal has no interface for programs.
"""

import hashlib
from pathlib import Path

from hsm.enrol.authority import Issued, Pending, check_reference, issued
from hsm.enrol.csr import request_spki
from hsm.enrol.errors import AuthorityRefused, AuthorityUnavailable
from hsm.enrol.order import MAX_CHAIN_BYTES, read_certificates

_ANSWERS = ("chain.pem", "pem", "p7b", "p7c", "cer", "crt", "der")


class ManualAuthority:
    """``directory``: where requests are put and answers are looked for; shared with the person only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def request(self, csr_pem: str, profile: str, *, reference: str) -> Pending:
        """Write ``<reference>.csr.pem``. Raises AuthorityRefused if another request has this reference."""
        check_reference(reference)
        request_spki(csr_pem)
        path = self._directory / f"{reference}.csr.pem"
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("x", encoding="ascii") as file:
                    file.write(csr_pem)
            except FileExistsError:
                if path.read_text("ascii") != csr_pem:
                    raise AuthorityRefused(
                        f"{path.name} holds another request. Move it away, or use another reference."
                    ) from None
        except (OSError, UnicodeError) as error:
            raise AuthorityUnavailable(f"{path} cannot be written.", detail=repr(error)) from error
        return self._pending(csr_pem, reference, profile)

    def collect(self, csr_pem: str, *, reference: str) -> Pending | Issued:
        """Read the first of ``<reference>.chain.pem``, ``.pem``, ``.p7b``, ``.cer`` … that is there.

        Raises ChainBroken, ChainForeign, AuthorityUnavailable.
        """
        check_reference(reference)
        for ending in _ANSWERS:
            path = self._directory / f"{reference}.{ending}"
            try:
                with path.open("rb") as file:
                    data = file.read(MAX_CHAIN_BYTES + 1)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise AuthorityUnavailable(f"{path} cannot be read.", detail=repr(error)) from error
            return issued(read_certificates(data), csr_pem)
        return self._pending(csr_pem, reference, "")

    def _pending(self, csr_pem: str, reference: str, profile: str) -> Pending:
        fingerprint = hashlib.sha256(request_spki(csr_pem)).hexdigest()
        request = self._directory / f"{reference}.csr.pem"
        answer = self._directory / f"{reference}.chain.pem"
        kind = f" ({profile})" if profile else ""
        return Pending(
            reference,
            f"Nộp {request}{kind} tại cổng của cơ quan chứng thực, rồi đặt chứng thư và các chứng thư CA "
            f"vào {answer} (hoặc .p7b). Vân tay khóa công khai SHA-256: {fingerprint}",
            f"Submit {request}{kind} at the authority's portal, then put the certificate and its CA "
            f"certificates into {answer} (or .p7b). SHA-256 fingerprint of the public key: {fingerprint}",
        )
