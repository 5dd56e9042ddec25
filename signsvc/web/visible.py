"""The wire's visible signature, turned into ours."""

import base64
import binascii
from typing import Annotated

from pydantic import Field, field_validator

from signsvc.errors import RequestRefused
from signsvc.pades.appearance import MAX_TEXT, VisibleSignature
from signsvc.pades.picture import MAX_PICTURE_BYTES
from signsvc.web.wire import Body

Coordinate = Annotated[float, Field(ge=-20_000, le=20_000, allow_inf_nan=False)]
_SIDES = 4


class VisibleMember(Body):
    """``page`` from 1, or negative from the end; ``rect`` in points on the page as it is seen."""

    page: Annotated[int, Field(ge=-100_000, le=100_000)]
    rect: Annotated[list[Coordinate], Field(min_length=_SIDES, max_length=_SIDES)]
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    image: Annotated[str, Field(max_length=MAX_PICTURE_BYTES * 4 // 3 + 4, description="PNG, base64")] = ""

    @field_validator("page")
    @classmethod
    def _check_page(cls, page: int) -> int:
        if page == 0:
            raise ValueError("pages count from 1, or from -1 at the end")
        return page

    def read(self) -> VisibleSignature:
        """Raises RequestRefused when the image is not base64."""
        try:
            image = base64.b64decode(self.image, validate=True)
        except (ValueError, binascii.Error) as error:
            raise RequestRefused("visible.image phải là base64.", "visible.image must be base64.") from error
        x1, y1, x2, y2 = self.rect
        return VisibleSignature(self.page, (x1, y1, x2, y2), image=image, text=self.text)
