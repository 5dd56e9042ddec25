"""A bundle that may come into force can be replaced by two, and by nobody alone."""

import pytest

from policies import Bundle, BundleRefused
from policies.bundle import check_names, package_directory, parse_bundle, read_texts
from policies.governance import check_governance

FILES = read_texts(package_directory())
HEAD = '@id("tried") @basis("b") @reason("l") @reason_en("r") '
FORBID = f'{HEAD}forbid (principal, action == Action::"activate_policy", resource is Policy)'


def test_the_packages_own_bundle_governs_itself() -> None:
    check_governance(Bundle.load())


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "when { context.approvers < 3 }",
        "when { context.weekday > 5 }",
        "when { context.minute > 1200 }",
        "when { context.now > 2400000000 }",
        "when { resource.version > 1 }",
        "unless { context.act_seconds < 60 }",
    ],
)
def test_a_bundle_that_locks_itself_is_refused(condition: str) -> None:
    bundle = parse_bundle(FILES | {"rules/tried.cedar": f"{FORBID} {condition};"})
    with pytest.raises(BundleRefused, match="locks"):
        check_governance(bundle)


def without(rule: str) -> dict[str, str]:
    """The package's bundle without one rule."""
    files = dict(FILES)
    for name, text in files.items():
        if f'@id("{rule}")' in text:
            start = text.index(f'@id("{rule}")')
            end = text.index(";\n", start) + 2
            files[name] = text[:start] + text[end:]
    return files


@pytest.mark.parametrize("rule", ["never-one-person", "never-policy-without-passkey"])
def test_a_bundle_that_one_alone_could_replace_is_refused(rule: str) -> None:
    with pytest.raises(BundleRefused, match="one administrator, or without a passkey"):
        check_governance(parse_bundle(without(rule)))


@pytest.mark.parametrize("kind", ["Client", "Person", "Service"])
def test_a_bundle_that_others_than_administrators_could_replace_is_refused(kind: str) -> None:
    rule = f'{HEAD}permit (principal is {kind}, action == Action::"activate_policy", resource is Policy);'
    with pytest.raises(BundleRefused, match=kind):
        check_governance(parse_bundle(FILES | {"rules/tried.cedar": rule}))


@pytest.mark.parametrize(
    "names",
    [
        {"rules/../../etc/passwd.cedar"}, {"/rules/x.cedar"}, {"rules/x.toml"}, {"rules/.cedar"}, {"x"},
        {"rules/a/b.cedar"},
    ],
    ids=str,
)  # fmt: skip
def test_a_bundle_has_its_own_files_and_no_others(names: set[str]) -> None:
    check_names(FILES)
    with pytest.raises(BundleRefused, match="too many"):
        check_names(FILES | dict.fromkeys(names, ""))
    with pytest.raises(BundleRefused, match=r"quotas\.toml"):
        check_names({name: text for name, text in FILES.items() if name != "quotas.toml"})
