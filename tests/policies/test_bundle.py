"""What a bundle must be to be loaded at all."""

import shutil
from pathlib import Path

import cedarpy
import pytest

import policies
from policies import ActionName, Bundle, BundleRefused, PrincipalKind, RuleRefused
from policies.bundle import parse_bundle, read_texts

HOME = Path(policies.__file__).parent
TEXTS = read_texts(HOME)
GOOD = '@id("good") @basis("Luật") @reason("Vì") @reason_en("Because") '
SCOPE = 'permit (principal is Client, action == Action::"sign", resource is Credential)'


def load_with(rule: str) -> Bundle:
    return parse_bundle(TEXTS | {"rules/tried.cedar": rule})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in TEXTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(HOME / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (f"{SCOPE};", "@id"),
        (f'@id("named") {SCOPE};', "@basis"),
        (f'@id("named") @basis("Luật") {SCOPE};', "@reason"),
        (f'@id("named") @basis("Luật") @reason("Vì") {SCOPE};', "@reason_en"),
        (f"{GOOD.replace('Luật', '  ')} {SCOPE};", "@basis"),
        (f"{GOOD.replace('good', 'Not Good')} {SCOPE};", "lower-case"),
        (f"{GOOD} {SCOPE}; {GOOD} {SCOPE};", "good is also in"),
        (f"{GOOD.replace('good', 'sign-own-credential')} {SCOPE};", "also in rules/signing.cedar"),
        (f"{GOOD} permit (principal, action, resource", "unexpected"),
        (f"{GOOD} {SCOPE} when {{ resource.colour == 1 }};", "colour"),
        (f'{GOOD} {SCOPE} when {{ context.count == "one" }};', "good"),
        (f"{GOOD} {SCOPE} when {{ context.creator == principal }};", "creator"),
        (f'{GOOD} permit (principal, action == Action::"export_key", resource);', "export_key"),
        (f'{GOOD} permit (principal is Robot, action == Action::"sign", resource);', "Robot"),
        (f'{GOOD} permit (principal == ?principal, action == Action::"sign", resource);', "template"),
    ],
)
def test_a_rule_that_is_wrong_is_refused_and_named(rule: str, complaint: str) -> None:
    with pytest.raises(RuleRefused, match=r"rules/tried\.cedar") as refused:
        load_with(rule)
    assert complaint in str(refused.value)


def test_a_rule_that_is_right_is_loaded() -> None:
    rule = load_with(f"{GOOD} {SCOPE};").rules["good"]
    assert (rule.effect, rule.basis, rule.reason, rule.reason_en) == ("permit", "Luật", "Vì", "Because")


def test_a_broken_schema_is_refused() -> None:
    with pytest.raises(RuleRefused, match=r"schema\.cedarschema"):
        parse_bundle(TEXTS | {"schema.cedarschema": "entity Client"})


def test_a_bundle_without_rules_is_refused() -> None:
    with pytest.raises(RuleRefused, match="no rules"):
        parse_bundle({name: text for name, text in TEXTS.items() if not name.endswith(".cedar")})


def test_a_bundle_that_lacks_a_file_is_refused(copy: Path) -> None:
    (copy / "quotas.toml").unlink()
    with pytest.raises(BundleRefused, match="cannot be read"):
        Bundle.load(copy)


def test_a_copy_of_a_bundle_is_the_same_bundle(copy: Path) -> None:
    assert Bundle.load(copy).digest == Bundle.load().digest


def test_line_ends_do_not_change_the_digest(copy: Path) -> None:
    rules = copy / "rules" / "never.cedar"
    rules.write_bytes(rules.read_bytes().replace(b"\n", b"\r\n"))
    assert Bundle.load(copy).digest == Bundle.load().digest


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_changed_file_is_another_bundle(name: str, copy: Path) -> None:
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write("# \n" if name.endswith(".toml") else "// \n")
    assert Bundle.load(copy).digest != Bundle.load().digest


def test_the_schema_knows_every_action_and_every_kind_of_principal() -> None:
    every = 'permit (principal is {kind}, action == Action::"{action}", resource);'
    for action in ActionName:
        for kind in PrincipalKind:
            text = every.format(kind=kind, action=action)
            assert cedarpy.validate_policies(text, Bundle.load().schema).errors == []


def test_every_rule_speaks_vietnamese_and_english() -> None:
    for rule in Bundle.load().rules.values():
        assert any(ord(letter) > 127 for letter in rule.reason), rule.id
        assert rule.reason_en.isascii(), rule.id
