"""Documents that lie fail the build: named tests exist, links lead somewhere, commands are real."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path for path in ROOT.rglob("*.md")
    if not {".venv", "run", "node_modules", "build", "target"} & set(path.relative_to(ROOT).parts)
)  # fmt: skip
TESTS = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_named_test_exists(document: Path) -> None:
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", document.read_text("utf-8")))
    assert {name for name in named if f"def {name}(" not in TESTS} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text("utf-8"))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (document.parent / target).exists()] == []


@pytest.mark.parametrize(
    "document", ["ARCHITECTURE.md", "CONFORMANCE.md", "SECURITY.md", "README.md", "README.vi.md"]
)
def test_every_named_path_exists(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    named = set(re.findall(r"`((?:hsm|idp|signsvc|policies|clients|tests|docker)/[\w./-]*)`", text))
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_every_make_target_in_the_readmes_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in ("README.md", "README.vi.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        named = set(re.findall(r"\bmake ([a-z-]+)`", (ROOT / document).read_text("utf-8")))
        assert named <= targets, document


def test_the_two_readmes_show_the_same_commands() -> None:
    def commands(document: str) -> list[str]:
        lines = (ROOT / document).read_text("utf-8").splitlines()
        return [re.sub(r"\s+#.*", "", line) for line in lines if line.startswith("$ ")]

    english, vietnamese = commands("README.md"), commands("README.vi.md")
    assert vietnamese == english
