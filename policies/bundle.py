"""A policy bundle: rules, schema, key profiles and quotas, read together and named by one digest."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cedarpy
import rfc8785

from policies.errors import BundleRefused, RuleRefused
from policies.profiles import KeyProfile, parse_profiles
from policies.quota import Quota, parse_quotas
from policies.rule import Rule, parse_rules

SCHEMA = "schema.cedarschema"
PROFILES = "key-profiles.toml"
QUOTAS = "quotas.toml"
RULES = "rules"
_FILES = frozenset({SCHEMA, PROFILES, QUOTAS})
_RULE_FILE = re.compile(rf"{RULES}/[A-Za-z0-9][A-Za-z0-9._-]{{0,99}}\.cedar")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was loaded. ``digest`` is the SHA-256 (hex) people approve and the journal names."""

    rules: Mapping[str, Rule]
    profiles: Mapping[str, KeyProfile]
    quotas: Mapping[str, Quota]
    schema: cedarpy.Schema
    digest: str
    schema_text: str = ""

    @staticmethod
    def load(path: Path | None = None) -> "Bundle":
        """Read a bundle from a directory; without one, the bundle that comes with the package.

        Raises BundleRefused (RuleRefused, ProfileRefused, QuotaRefused) naming the file and the fault.
        """
        return parse_bundle(read_texts(path or package_directory()))


def package_directory() -> Path:
    """Where the bundle lies that comes with the package."""
    return Path(__file__).parent


def read_texts(directory: Path) -> dict[str, str]:
    """The bundle's files by their names relative to the directory. Raises BundleRefused."""
    names = [SCHEMA, PROFILES, QUOTAS]
    names += sorted(f"{RULES}/{file.name}" for file in (directory / RULES).glob("*.cedar"))
    try:
        # A checkout with other line ends is the same bundle.
        return {name: (directory / name).read_text("utf-8").replace("\r\n", "\n") for name in names}
    except (OSError, UnicodeDecodeError) as error:
        raise BundleRefused(f"The policy bundle in {directory} cannot be read: {error}") from error


def check_names(texts: Mapping[str, str]) -> None:
    """Raise BundleRefused unless these are a bundle's files, all of them and nothing else."""
    missing = _FILES - texts.keys()
    foreign = [name for name in texts if not (name in _FILES or _RULE_FILE.fullmatch(name))]
    if missing or foreign:
        raise BundleRefused(
            f"A bundle is {SCHEMA}, {PROFILES}, {QUOTAS} and {RULES}/*.cedar: missing"
            f" {', '.join(sorted(missing)) or 'nothing'}, too many {', '.join(sorted(foreign)) or 'none'}."
        )


def parse_bundle(texts: Mapping[str, str]) -> Bundle:
    """Check the texts of a bundle against each other. Raises BundleRefused."""
    try:
        schema = cedarpy.Schema.from_str(texts[SCHEMA])
    except ValueError as error:
        raise RuleRefused(f"{SCHEMA}: {error}") from error
    rules: dict[str, Rule] = {}
    for name in sorted(texts):
        if not name.endswith(".cedar"):
            continue
        for rule in parse_rules(texts[name], name, schema):
            if rule.id in rules:
                raise RuleRefused(
                    f"{name}: {rule.id} is also in {rules[rule.id].source}: an @id is used once."
                )
            rules[rule.id] = rule
    if not rules:
        raise RuleRefused("The bundle has no rules: nothing would ever be allowed.")
    return Bundle(
        rules=MappingProxyType(rules),
        profiles=parse_profiles(texts[PROFILES]),
        quotas=parse_quotas(texts[QUOTAS]),
        schema=schema,
        digest=bundle_digest(texts),
        schema_text=texts[SCHEMA],
    )


def bundle_digest(texts: Mapping[str, str]) -> str:
    """SHA-256 (hex) of the RFC 8785 JSON object {file name: text}."""
    return hashlib.sha256(rfc8785.dumps(dict(texts))).hexdigest()
