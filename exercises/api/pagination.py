"""Pages of a list: `?page=2&page_size=50`, at most 100 a page."""

from __future__ import annotations

from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from exercises.domain.errors import Invalid


class Pages(PageNumberPagination):
    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100

    def get_page_size(self, request: Request) -> int:
        """Raises Invalid for what is no size, instead of taking another silently."""
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        is_number = asked.isascii() and asked.isdigit() and len(asked) <= 4
        if not is_number or not 1 <= int(asked) <= self.max_page_size:
            raise Invalid("page_size", f"a whole number from 1 to {self.max_page_size}")
        return int(asked)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, object]]:
        parameters = super().get_schema_operation_parameters(view)
        for each in parameters:
            limits = {"minimum": 1}
            if each["name"] == self.page_size_query_param:
                limits["maximum"] = self.max_page_size
            each["schema"] |= limits
        return parameters
