"""The page at / and its script, /docs and /openapi.json: files of the package, and nothing from outside."""

import base64
import hashlib
from html import escape
from importlib import resources
from typing import Final, final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from alexnet.page.html import to_html
from alexnet.page.style import style
from alexnet.serving.http.answers import Json
from alexnet.serving.http.openapi import document, reference
from alexnet.serving.http.settings import HttpSettings
from alexnet.serving.service import Service
from alexnet.text import visible

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src {style}; img-src blob: data:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@final
class Pages:
    """The routes that a person opens.

    Args:
        service: that they are about.
        settings: which say whether a key is asked for.
    """

    def __init__(self, service: Service, settings: HttpSettings) -> None:
        self._service, self._settings = service, settings
        self._style = style() + _file("page.css")

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self.page, methods=["GET"]),
            Route("/page.js", self.script, methods=["GET"]),
            Route("/docs", self.docs, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """Give the page that names the classes of pictures."""
        names = [escape(visible(name)) for name in self._service.models]
        text = _file("page.html").format(
            style=self._style,
            key="true" if self._settings.key else "false",
            index="true" if self._service.index else "false",
            models=", ".join(names),
            options="".join(f"<option>{name}</option>" for name in names),
        )
        return HTMLResponse(text, headers=_policy(self._style))

    async def script(self, request: Request) -> Response:
        """Give the page's script."""
        return Response(_file("page.js"), media_type="text/javascript")

    async def docs(self, request: Request) -> Response:
        """Give a page that says how programs ask."""
        return HTMLResponse(to_html(reference(self._document())), headers=_policy(style()))

    async def openapi(self, request: Request) -> Response:
        """Give the OpenAPI document."""
        return Json(self._document())

    def _document(self) -> "dict[str, object]":
        return document(
            list(self._service.models),
            self._service.limits,
            key=self._settings.key is not None,
            index=self._service.index is not None,
        )


def _policy(sheet: str) -> dict[str, str]:
    """Return the policy of a page: its own style sheet by its digest, and its own script."""
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return {"Content-Security-Policy": _POLICY.format(style=f"'sha256-{digest}'")}


def _file(name: str) -> str:
    return resources.files("alexnet.serving").joinpath("page", name).read_text(encoding="utf-8")
