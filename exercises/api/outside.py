"""What Django itself refuses, before a view of the API is reached or after it failed.

Below /api/ it is a problem document as everything else there; elsewhere it is Django's page.
chaosplane.urls names these as the project's handlers.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views import defaults

from exercises.api.errors import MEDIA_TYPE


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return _problem(request, HTTPStatus.BAD_REQUEST, "The request cannot be read.", "bad_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.permission_denied(request, exception)
    return _problem(request, HTTPStatus.FORBIDDEN, "You may not do this.", "permission_denied")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return _problem(request, HTTPStatus.NOT_FOUND, "There is nothing at this address.", "not_found")


def server_error(request: HttpRequest) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.server_error(request)
    said = "Something went wrong here. The logs say what, under request_id."
    return _problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, said, "server_error")


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _problem(request: HttpRequest, status: HTTPStatus, detail: str, code: str) -> JsonResponse:
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    named = {"code": code, "request_id": getattr(request, "id", "")}
    return JsonResponse(body | named, status=status, content_type=MEDIA_TYPE)
