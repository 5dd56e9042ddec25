"""What a Granian worker loads, after it was started: ``idp.wsgi:application`` as a factory."""

import sys

from flask import Flask

from idp.app import create_app
from idp.settings import Settings

# A thread that wants the interpreter asks for it after so many seconds (Python's own: 0.005). /token wants it
# back after each word with Redis and the key process; in a storm of logins every time another thread has it.
_SWITCH_SECONDS = 0.0005


def application() -> Flask:
    sys.setswitchinterval(_SWITCH_SECONDS)
    return create_app(Settings())
