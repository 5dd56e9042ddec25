"""A real authenticator, in a real browser: a person makes a passkey and approves acts by links.

The commands wait for the browser, as they do on an administrator's machine.
"""

import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from hsm.administer import draft
from tests.browser.site import CHROMIUM, check_page, need_chromium, virtual_authenticator
from tests.servers.key_process import ROOT
from tests.servers.stack import Stack


@pytest.fixture
def page() -> Iterator[Page]:
    need_chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        opened = chromium.new_context(viewport={"width": 360, "height": 800}, locale="vi-VN").new_page()
        virtual_authenticator(opened)
        yield opened
        chromium.close()


class Command:
    """``python -m hsm …`` waiting at its link."""

    def __init__(self, stack: Stack, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "hsm", "--json", *arguments,
                "--socket", stack.key_process.admin, "--page", stack.approval_url,
            ],
            cwd=ROOT, env=stack.key_process.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stderr
        self.link, told = "", []
        while not self.link and (line := self.process.stderr.readline()):
            told.append(line)
            found = re.search(r"http\S+/acts/\S+", line)
            self.link = found.group() if found else ""
        assert self.link, told

    def ended(self) -> dict[str, Any]:
        out, error = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, error
        answer: dict[str, Any] = json.loads(out)
        return answer


def keys(stack: Stack) -> list[str]:
    return [part for key in stack.key_process.admin_keys for part in ("--key", str(key))]


def give(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.wait_for_selector("#give", state="visible")
    check_page(page, name)
    page.click("#give")
    page.wait_for_selector("#done", state="visible")


def enrol(stack: Stack, page: Page) -> tuple[str, dict[str, Any]]:
    person_id = f"nguoi-{secrets.token_hex(6)}"
    stack.key_process.perform("register_person", {"person_id": person_id})
    command = Command(stack, "enrol-passkey", person_id, *keys(stack))
    give(page, command.link, "act-enrol")
    return person_id, command.ended()


def create(person_id: str, description: str) -> bytes:
    return draft(
        "create_credential",
        {
            "profile": "personal", "holder": person_id, "description": description, "training": True,
            "subject": {"CN": "MẪU - Nguyễn Thị Lan", "O": "Cơ quan MẪU", "C": "VN"},
        },
        now=int(time.time()),
    )  # fmt: skip


def test_a_person_makes_a_passkey_and_approves_a_key_of_their_own(
    stack: Stack, page: Page, tmp_path: Path
) -> None:
    person_id, enrolled = enrol(stack, page)
    assert enrolled["person_id"] == person_id
    assert not enrolled["software"]
    assert enrolled["aaguid"].replace("-", "").strip("0"), "the authenticator's model is not recorded"
    file = tmp_path / "act.json"
    file.write_bytes(create(person_id, "Khóa ký <b>của Lan</b>"))
    command = Command(stack, "perform", str(file), "--ask", *keys(stack))
    page.goto(command.link)
    text = page.inner_text("main")
    for words in (
        "Tạo khóa ký cho bạn",
        "Make a signing key in your name",
        person_id,
        "Khóa ký <b>của Lan</b>",
    ):
        assert words in text
    page.click("summary")
    assert page.inner_text("pre") == file.read_text("utf-8")
    give(page, command.link, "act-approve")
    assert command.ended()["credential_id"]
    # The link has done its work.
    page.goto(command.link)
    assert page.is_visible("#done")
    assert not page.locator("#give").count()


def test_a_persons_approval_is_kept_in_a_file_for_those_who_go_on_elsewhere(
    stack: Stack, page: Page, tmp_path: Path
) -> None:
    person_id, _ = enrol(stack, page)
    admin = f"admin-{secrets.token_hex(3)}"
    act, approval = tmp_path / "act.json", tmp_path / "person.json"
    act.write_bytes(
        draft("link_administrator", {"admin_id": admin, "person_id": person_id}, now=int(time.time()))
    )
    command = Command(stack, "ask", str(act), "-o", str(approval))
    give(page, command.link, "act-link")
    command.ended()
    assert json.loads(approval.read_text())["kind"] == "passkey"
    done = subprocess.run(
        [
            sys.executable, "-m", "hsm", "perform", str(act), str(approval), *keys(stack),
            "--socket", stack.key_process.admin,
        ],
        cwd=ROOT, env=stack.key_process.environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    # Everybody's approval is good, and so the act is looked at: there is no such administrator.
    assert "There is no such administrator" in done.stderr


def test_somebody_elses_passkey_and_somebody_elses_page_give_nothing(
    stack: Stack, page: Page, tmp_path: Path
) -> None:
    enrol(stack, page)
    other = f"nguoi-{secrets.token_hex(6)}"
    stack.key_process.perform("register_person", {"person_id": other})
    file = tmp_path / "act.json"
    file.write_bytes(create(other, "Khóa ký MẪU"))
    command = Command(stack, "ask", str(file), "-o", str(tmp_path / "none.json"))
    try:
        page.goto(command.link)
        page.click("#give")
        page.wait_for_selector("#refused >> text=không đúng cho việc này")
        assert not page.is_visible("#done")
        # Another site's form cannot hand anything in, nor can the page be framed.
        posted = httpx.post(command.link, data={"response": "{}"}, trust_env=False)
        assert posted.status_code == 415
        policy = httpx.get(command.link, trust_env=False).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
    finally:
        command.process.terminate()
        command.process.communicate(timeout=60)
    assert not (tmp_path / "none.json").exists()


def test_an_unknown_link_says_what_to_do(stack: Stack) -> None:
    answer = httpx.get(f"{stack.approval_url}/acts/{secrets.token_urlsafe(32)}", trust_env=False)
    assert answer.status_code == 404
    assert "hãy xin liên kết mới" in answer.text
