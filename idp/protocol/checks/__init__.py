"""Client authentication by private_key_jwt: every rule in its file, the order in this one list.

Sources: RFC 7523 §3 as updated by RFC 10070 (audience and type), FAPI 2.0 Security Profile §5.3.2.1
(clock, algorithms, audience as one string), RFC 8725 (JWT best current practice).
"""

from collections.abc import Callable

from idp.protocol.checks.algorithm import check_algorithm
from idp.protocol.checks.assertion_signature import check_assertion_signature
from idp.protocol.checks.attempt import Attempt
from idp.protocol.checks.audience import check_audience
from idp.protocol.checks.client_id import check_client_id
from idp.protocol.checks.client_state import check_client_state
from idp.protocol.checks.crit import check_crit
from idp.protocol.checks.exp import check_exp
from idp.protocol.checks.iat import check_iat
from idp.protocol.checks.iss_sub import check_iss_sub
from idp.protocol.checks.jti import check_jti
from idp.protocol.checks.nbf import check_nbf
from idp.protocol.checks.typ import check_typ

CLIENT_ASSERTION_CHECKS: tuple[Callable[[Attempt], None], ...] = (
    # what the message says of itself
    check_typ,  #                  1
    check_algorithm,  #            2
    check_crit,  #                 3
    check_iss_sub,  #              4
    check_client_id,  #            5
    # what we know of the client
    check_client_state,  #         6
    check_assertion_signature,  #  7  from here on the claims are the client's own words
    check_audience,  #             8
    check_exp,  #                  9
    check_iat,  #                 10
    check_nbf,  #                 11
    check_jti,  #                 12
    # 13: the jti is spent, once, in Redis: store/admission.py
)


def check_client_assertion(attempt: Attempt) -> None:
    """All rules, in order. Raises InvalidClient at the first that fails."""
    for check in CLIENT_ASSERTION_CHECKS:
        check(attempt)
