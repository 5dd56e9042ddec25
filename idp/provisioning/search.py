"""SCIM queries: filter, sort, page (RFC 7644 §3.4.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from scim2_models import ListResponse, SearchRequest, TooManyException
from scim2_models.path import Comparison

from idp.directory.organisation import ACTIVE
from idp.directory.username import fold_username
from idp.provisioning.caller import Caller
from idp.provisioning.groups import Groups
from idp.provisioning.mapping import user_of
from idp.provisioning.resources import MAX_RESULTS, OfficialUser, Organisation
from idp.store.provisioned import (
    Official,
    count_officials,
    has_external_id,
    has_person_id,
    has_username,
    read_officials,
)

MAX_SCANNED = 20_000
_INDEXED = {
    "username": lambda value: has_username(fold_username(value)),
    "externalid": has_external_id,
    "id": has_person_id,
}


@dataclass(frozen=True, slots=True)
class Search:
    """``base``: the URL of /scim/v2. Raises SCIMException, ValidationError, StoreUnavailable."""

    groups: Groups

    def users(self, caller: Caller, asked: Mapping[str, Any]) -> tuple[Any, Any]:
        """The list response, and the request that selects its attributes."""
        request = SearchRequest[OfficialUser].model_validate(dict(asked))
        with self.groups.database.reading() as connection:
            if request.filter is None and request.sort_by is None:
                seen = [each for each in read_officials(connection) if caller.sees(each)]
                return self._page(request, [], officials=seen), request
            indexed = _indexed(request)
            if indexed is None and count_officials(connection) > MAX_SCANNED:
                raise TooManyException(
                    detail="Filter by userName eq, externalId eq or id eq: too many people to look through."
                )
            where = () if indexed is None else (indexed,)
            users = [
                user_of(each, self.groups.base)
                for each in read_officials(connection, *where)
                if caller.sees(each)
            ]
        return self._page(request, _matching(request, users)), request

    def organisations(self, caller: Caller, asked: Mapping[str, Any]) -> tuple[Any, Any]:
        request = SearchRequest[Organisation].model_validate(dict(asked))
        resources = [self.groups.resource(each) for each in self._organisations_of(caller)]
        return self._page(request, _matching(request, resources)), request

    def everything(self, caller: Caller, asked: Mapping[str, Any]) -> tuple[Any, Any]:
        """Users and groups at once (RFC 7644 §3.4.3, at the root)."""
        request = SearchRequest[OfficialUser | Organisation].model_validate(dict(asked))
        with self.groups.database.reading() as connection:
            if count_officials(connection) > MAX_SCANNED:
                raise TooManyException(detail="Search at /Users/.search: too many people to look through.")
            users = [
                user_of(each, self.groups.base) for each in read_officials(connection) if caller.sees(each)
            ]
        groups = [self.groups.resource(each) for each in self._organisations_of(caller)]
        return self._page(request, _matching(request, [*users, *groups])), request

    def _organisations_of(self, caller: Caller) -> list[Any]:
        found = self.groups.organisations.find_all()
        return [each for each in found if each.state == ACTIVE and caller.keeps(each.code)]

    def _page(self, request: Any, resources: list[Any], *, officials: list[Official] | None = None) -> Any:
        start = request.start_index_0 or 0
        count = MAX_RESULTS if request.count is None else min(request.count, MAX_RESULTS)
        if officials is not None:
            total = len(officials)
            page = [user_of(each, self.groups.base) for each in islice(officials, start, start + count)]
        else:
            total, page = len(resources), resources[start : start + count]
        return ListResponse[OfficialUser | Organisation](
            total_results=total, start_index=start + 1, items_per_page=len(page), resources=page
        )


def _indexed(request: Any) -> Any:
    """The condition in SQL of a filter that is one comparison of an indexed attribute, or None."""
    node = request.filter.ast if request.filter is not None else None
    if not isinstance(node, Comparison) or str(node.op).lower() != "eq" or node.attr_path.sub_attr:
        return None
    condition = _INDEXED.get(node.attr_path.attr.lower())
    return condition(node.value) if condition and isinstance(node.value, str) else None


def _matching(request: Any, resources: list[Any]) -> list[Any]:
    if request.filter is not None:
        resources = [each for each in resources if request.filter.match(each)]
    return list(request.sort(resources))
