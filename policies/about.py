"""What each action is about: the facts it is asked with, and the entity that Cedar knows them as."""

from collections.abc import Mapping
from types import MappingProxyType

from policies.model import (
    ActionName,
    AdministratorFacts,
    ClientKeyFacts,
    CredentialFacts,
    EnrolmentFacts,
    Facts,
    HolderFacts,
    PolicyFacts,
    StoreFacts,
)
from policies.office_life import MandateFacts, OfficeFacts, PostFacts

_OTHERS: dict[ActionName, type[Facts]] = {
    ActionName.REGISTER_CLIENT_KEY: ClientKeyFacts,
    ActionName.RETIRE_CLIENT_KEY: ClientKeyFacts,
    ActionName.REGISTER_PERSON: EnrolmentFacts,
    ActionName.RETIRE_PERSON: EnrolmentFacts,
    ActionName.ENROL_PASSKEY: EnrolmentFacts,
    ActionName.RETIRE_PASSKEY: EnrolmentFacts,
    ActionName.SET_PIN_OTP: EnrolmentFacts,
    ActionName.UNLOCK_FACTOR: EnrolmentFacts,
    ActionName.LINK_ADMINISTRATOR: EnrolmentFacts,
    ActionName.ROTATE_KEK: StoreFacts,
    ActionName.DESTROY_KEK: StoreFacts,
    ActionName.CONTINUE_COPY: StoreFacts,
    ActionName.SUSPEND_HOLDER: HolderFacts,
    ActionName.ACTIVATE_POLICY: PolicyFacts,
    ActionName.RETIRE_ADMINISTRATOR: AdministratorFacts,
    ActionName.REGISTER_OFFICE: OfficeFacts,
    ActionName.RETIRE_OFFICE: OfficeFacts,
    ActionName.GIVE_POST: PostFacts,
    ActionName.END_POST: PostFacts,
    ActionName.GIVE_MANDATE: MandateFacts,
    ActionName.REVOKE_MANDATE: MandateFacts,
}
# Every action; what is not named above is about a credential.
ABOUT: Mapping[ActionName, type[Facts]] = MappingProxyType(
    {action: _OTHERS.get(action, CredentialFacts) for action in ActionName}
)


def entity_type(facts: type[Facts]) -> str:
    """As the schema names it: Credential for CredentialFacts, and so on."""
    return facts.__name__.removesuffix("Facts")
