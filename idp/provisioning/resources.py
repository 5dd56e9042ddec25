"""The SCIM resources of this service (RFC 7643): narrower than the standard's, so that nothing gets lost.

A User is an official; citizens are not provisioned and not visible here. There is no ``password`` and no
``roles``: people set their own factors, and who administers this service is not for a personnel system to
say. A Group is an organisation, its members are the holders of its posts.
"""

from typing import Annotated, ClassVar

from scim2_models import (
    URN,
    Address,
    AnyExtension,
    Bulk,
    ChangePassword,
    Email,
    EnterpriseUser,
    ETag,
    Extension,
    External,
    Filter,
    GroupMember,
    GroupMembership,
    Mutability,
    Name,
    Pagination,
    Patch,
    PhoneNumber,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models import AuthenticationScheme as Scheme

MAX_RESULTS = 200
MAX_OPERATIONS = 100
MAX_PAYLOAD_BYTES = 256 * 1024
ORGANISATION_SCHEMA = "urn:antin:params:scim:schemas:extension:organisation:1.0:Group"


class User(Resource[AnyExtension]):
    """An official."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """What the person types at login: 2 to 100 letters without accents, digits and . _ @ -."""

    name: Name | None = None
    """The components of the name; formatted is how it is written on documents."""

    display_name: str | None = None
    """The name shown to people."""

    title: str | None = None
    """The title of the post."""

    locale: str | None = None
    """A language tag, as vi-VN."""

    active: bool | None = None
    """False: the person has left. Sessions and tokens end at once."""

    emails: list[Email] | None = None
    """Addresses of the office; the primary one, or the first, is the email claim."""

    phone_numbers: list[PhoneNumber] | None = None
    """Telephone numbers; the primary one, or the first, is the phone_number claim."""

    addresses: list[Address] | None = None
    """Addresses of the office."""

    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None
    """The organisations in which the person holds a post; changed at the group."""

    Groups: ClassVar[type[GroupMembership]] = GroupMembership


class OrganisationGroup(Extension):
    """What makes a group an organisation."""

    __schema__ = URN(ORGANISATION_SCHEMA)

    code: Annotated[str | None, Mutability.immutable, Required.true, Uniqueness.server] = None
    """The agency code of Quyết định 20/2020/QĐ-TTg, as H47.12.3; it cannot be changed."""

    closed: Annotated[bool | None, Mutability.read_only] = None
    """Whether the organisation was closed."""


class Group(Resource[AnyExtension]):
    """An organisation."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    """The organisation's full name."""

    members: list[GroupMember] | None = None
    """The holders of its posts: Users only."""


OfficialUser = User[EnterpriseUser]
Organisation = Group[Annotated[OrganisationGroup, Required.true]]


def describe(issuer: str) -> ScimProvider:
    """What the three discovery endpoints answer (RFC 7644 §4)."""
    return ScimProvider(
        models=[User, EnterpriseUser, Group, OrganisationGroup],
        resource_types=[ResourceType.from_resource(OfficialUser), ResourceType.from_resource(Organisation)],
        config=ServiceProviderConfig(
            documentation_uri=Reference[External](f"{issuer}/errors"),
            patch=Patch(supported=True),
            bulk=Bulk(supported=True, max_operations=MAX_OPERATIONS, max_payload_size=MAX_PAYLOAD_BYTES),
            filter=Filter(supported=True, max_results=MAX_RESULTS),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=True),
            etag=ETag(supported=True),
            pagination=Pagination(
                cursor=False,
                index=True,
                default_pagination_method=Pagination.DefaultPaginationMethod.index,
                max_page_size=MAX_RESULTS,
            ),
            authentication_schemes=[
                Scheme(
                    type=Scheme.Type.oauthbearertoken,
                    name="OAuth Bearer Token",
                    description=f"A token of this service for the resource {issuer}/scim/v2, scope scim.",
                    spec_uri=Reference[External]("https://www.rfc-editor.org/info/rfc6750"),
                    primary=True,
                )
            ],
        ),
    )
