"""What differs between two bundles is said by rule, profile and quota."""

import pytest

from policies.bundle import package_directory, parse_bundle, read_texts
from policies.diff import diff, differences_as_data, differences_as_text

FILES = read_texts(package_directory())
BEFORE = parse_bundle(FILES)
RULE = (
    '@id("never-tried") @basis("b") @reason("Không bao giờ.") @reason_en("Never.") '
    'forbid (principal, action == Action::"sign", resource is Credential) when { context.count > 5 };'
)


def test_the_same_bundle_differs_in_nothing() -> None:
    assert diff(BEFORE, parse_bundle(FILES)) == []
    assert "Nothing differs" in differences_as_text([])


def test_a_rule_is_added_removed_or_changed_by_its_id() -> None:
    tried = parse_bundle(FILES | {"rules/tried.cedar": RULE})
    other = parse_bundle(FILES | {"rules/tried.cedar": RULE.replace("> 5", "> 6")})
    [added] = diff(BEFORE, tried)
    assert (added.kind, added.id, added.how, added.title, added.title_en) == (
        "rule", "never-tried", "added", "Không bao giờ.", "Never.",
    )  # fmt: skip
    [removed] = diff(tried, BEFORE)
    assert (removed.id, removed.how) == ("never-tried", "removed")
    [altered] = diff(tried, other)
    assert (altered.how, list(altered.fields)) == ("changed", ["conditions"])
    reason = parse_bundle(FILES | {"rules/tried.cedar": RULE.replace("Never.", "Not ever.")})
    assert [list(one.fields) for one in diff(tried, reason)] == [["reason_en"]]


def test_a_rule_that_only_moved_or_was_laid_out_anew_does_not_differ() -> None:
    text = FILES["rules/tokens.cedar"]
    moved = {name: text for name, text in FILES.items() if name != "rules/tokens.cedar"}
    assert (
        diff(BEFORE, parse_bundle(moved | {"rules/z.cedar": "// đây\n\n" + text.replace("\n", "\n\n")})) == []
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "quotas.toml", 'limit = "20/5m"', 'limit = "10/5m"',
            ("quota", "approval-failures", "changed", {"limit": {"before": "20/5m", "after": "10/5m"}}),
        ),
        (
            "key-profiles.toml", "max_signatures = 20\n", "max_signatures = 10\n",
            ("profile", "compatibility-scal1", "changed", {"max_signatures": {"before": 20, "after": 10}}),
        ),
        (
            "key-profiles.toml", 'proofs = ["pin_otp"]', 'proofs = ["pin_otp", "passkey"]',
            ("profile", "compatibility-scal1", "changed",
             {"proofs": {"before": ["pin_otp"], "after": ["passkey", "pin_otp"]}}),
        ),
    ],
    ids=["quota", "number", "set"],
)  # fmt: skip
def test_a_changed_number_is_told_with_before_and_after(
    file: str, old: str, new: str, expected: tuple[object, ...]
) -> None:
    assert FILES[file].count(old) == 1
    found = diff(BEFORE, parse_bundle(FILES | {file: FILES[file].replace(old, new)}))
    [told] = differences_as_data(found)
    assert (told["kind"], told["id"], told["how"], told["fields"]) == expected
    text = differences_as_text(found)
    assert "ĐỔI" in text
    assert "→" in text


def test_a_changed_schema_is_named() -> None:
    after = FILES | {"schema.cedarschema": FILES["schema.cedarschema"] + "\n// thêm\n"}
    assert [(one.kind, one.how) for one in diff(BEFORE, parse_bundle(after))] == [("schema", "changed")]
