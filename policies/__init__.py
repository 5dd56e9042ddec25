"""May this happen? Rules, key profiles and quotas as data, and the engine that answers.

Answers, never acts: nothing here touches a key, a database or the network, except ``buckets``,
which counts where it is told to.
"""

from policies.bundle import Bundle
from policies.engine import Engine
from policies.errors import BundleRefused, PolicyError, ProfileRefused, QuotaRefused, RuleRefused
from policies.model import (
    ActionName,
    Circumstances,
    ClientKeyFacts,
    CredentialFacts,
    Decision,
    EnrolmentFacts,
    Principal,
    PrincipalKind,
    Question,
)
from policies.profiles import KeyProfile
from policies.quota import Quota
from policies.rule import Rule

__all__ = [
    "ActionName",
    "Bundle",
    "BundleRefused",
    "Circumstances",
    "ClientKeyFacts",
    "CredentialFacts",
    "Decision",
    "Engine",
    "EnrolmentFacts",
    "KeyProfile",
    "PolicyError",
    "Principal",
    "PrincipalKind",
    "ProfileRefused",
    "Question",
    "Quota",
    "QuotaRefused",
    "Rule",
    "RuleRefused",
]
