"""What the login pages call, one part a kind of proof."""

from dataclasses import dataclass

from idp.login.certificate_login import CertificateLogin
from idp.login.enrolment import Enrolment
from idp.login.hashing import Hashing
from idp.login.one_time_password import OneTimePasswords
from idp.login.passkeys import Passkeys
from idp.login.password_login import PasswordLogin
from idp.login.upstream_login import UpstreamLogin
from idp.store.login_progress import LoginProgress
from idp.store.passkey_invitations import PasskeyInvitations


@dataclass(frozen=True, slots=True)
class LoginParts:
    progress: LoginProgress
    hashing: Hashing
    passwords: PasswordLogin
    one_time_passwords: OneTimePasswords
    passkeys: Passkeys
    certificates: CertificateLogin
    enrolment: Enrolment
    invitations: PasskeyInvitations
    upstreams: UpstreamLogin
