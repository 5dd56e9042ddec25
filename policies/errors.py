"""What can be wrong with a policy. A decision never raises: it denies.

::

    PolicyError
    └── BundleRefused       a rule, schema, profile or quota is wrong: nothing is loaded
        ├── RuleRefused     a Cedar rule or the schema
        ├── ProfileRefused  a key profile is weak or contradicts itself
        └── QuotaRefused    a quota is unclear
"""


class PolicyError(Exception):
    """The root. The message says what is wrong, where, and what to do."""


class BundleRefused(PolicyError):
    """The bundle as a whole is not loaded."""


class RuleRefused(BundleRefused):
    """A rule does not parse, does not fit the schema, or lacks an annotation."""


class ProfileRefused(BundleRefused):
    """A key profile is weak, incomplete or contradicts itself."""


class QuotaRefused(BundleRefused):
    """A quota's number, window or conduct in an outage is unclear."""
