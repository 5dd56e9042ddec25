"""OpenID Connect Core §3.1.2.1, prompt: whether the person is to be asked for something anew."""

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused

PROMPTS = ("none", "login", "consent", "select_account")


def read_prompts(asked: Asked) -> tuple[str, ...]:
    prompts = tuple(dict.fromkeys(asked.get("prompt").split()))
    if not set(prompts) <= set(PROMPTS):
        raise AuthorizationRefused(INVALID_REQUEST, f"prompt is made of {', '.join(PROMPTS)}.")
    if "none" in prompts and len(prompts) > 1:
        raise AuthorizationRefused(INVALID_REQUEST, "prompt=none stands alone.")
    return prompts
