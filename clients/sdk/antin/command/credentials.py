"""``antin credentials``"""

from datetime import UTC, datetime

import typer

from antin.command.options import Config, Json, ProfileName, find_profile
from antin.command.speak import answer


def credentials(
    context: typer.Context, *, config: Config = None, profile: ProfileName = "", as_json: Json = False
) -> None:
    """Các chứng thư dùng được / the credentials this client may use."""
    with find_profile(context, config, profile).client() as client:
        found = client.credentials()
    members = [
        {
            "credential_id": one.credential_id,
            "purpose": one.purpose,
            "state": one.state,
            "algorithm": one.algorithm,
            "description": one.description,
            "not_after": one.not_after,
            "training": one.training,
        }
        for one in found
    ]
    lines = [
        f"{one.credential_id}  {one.state}  {one.algorithm}  {one.purpose}  đến/until "
        f"{datetime.fromtimestamp(one.not_after, UTC):%Y-%m-%d}"
        f"{'  MẪU/TRAINING' if one.training else ''}  {one.description}"
        for one in found
    ]
    none = "Chưa có chứng thư nào cho hệ thống này / no credential for this client."
    answer({"credentials": members}, as_json=as_json, lines=lines or [none])
