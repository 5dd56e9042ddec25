"""The page is a stranger to the services: it imports nothing of them."""

import ast
from pathlib import Path

PAGE = Path(__file__).parents[3] / "clients" / "verify" / "antin_verify"


def test_it_imports_nothing_of_the_services() -> None:
    imported = set()
    for path in PAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert not imported & {"signsvc", "idp", "hsm", "policies", "antin"}
