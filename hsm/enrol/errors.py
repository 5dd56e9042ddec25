"""What can go wrong between a key and its certificate.

::

    HsmError
    └── EnrolmentError
        ├── RequestRefused            (also ActMalformed) the subject or key cannot go into a request
        ├── AuthorityUnavailable      the authority did not answer; ask again later
        ├── AuthorityRefused          the authority said no, or answered nonsense
        └── ChainRefused              (also ActMalformed) the chain does not certify this key for this use
            ├── ChainForeign          it certifies another key
            ├── ChainBroken           unreadable, out of order, or not down from a trust anchor
            ├── ChainNotValidNow      the certificate is not yet, or no longer, valid
            ├── ChainWrongPurpose     the certificate may not sign documents
            └── ChainTrainingMismatch training material for a real credential, or the other way round
"""

from hsm.errors import ActMalformed, HsmError


class EnrolmentError(HsmError):
    """The root of this package's errors."""


class RequestRefused(EnrolmentError, ActMalformed):
    """The subject or the key cannot go into a certification request."""


class AuthorityUnavailable(EnrolmentError):
    """The authority did not answer in time; nothing is known of the request. Ask again later."""


class AuthorityRefused(EnrolmentError):
    """The authority refused the request, or its answer could not be understood."""


class ChainRefused(EnrolmentError, ActMalformed):
    """The chain does not certify this key for this use."""


class ChainForeign(ChainRefused):
    """The chain certifies another key than the one in the token."""


class ChainBroken(ChainRefused):
    """The chain is unreadable, out of order, or does not lead to a configured trust anchor."""


class ChainNotValidNow(ChainRefused):
    """The certificate is not yet, or no longer, valid."""


class ChainWrongPurpose(ChainRefused):
    """The certificate is a CA's, or may not sign documents."""


class ChainTrainingMismatch(ChainRefused):
    """A training chain for a real credential, a real one for training, or training where none is allowed."""
