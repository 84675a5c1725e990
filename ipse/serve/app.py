"""The web's way in: the same verbs over HTTP, and the page. Holds no logic and nothing between two requests.

It answers this machine alone: a page of another site must neither read nor write here, so the Host has to be a
loopback name, and whatever changes something has to come as JSON from a page of its own. What ipse raises on purpose
becomes {"error": ...}.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field, StrictFloat

from ipse.errors import Conflict, IpseError, NoSuchPerson, UsageError
from ipse.me import Me, utc_now
from ipse.serve import views
from ipse.store.sqlite import people
from ipse.types import Dimension, SignalSource
from ipse.words.onboarding import preview

HISTORY = 100
"""Paragraphs that are told when nobody says how many."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
MOST_AT_ONCE = 1000
"""Signals in one request: they are one change, and nobody else writes meanwhile."""
SAFE = frozenset({"GET", "HEAD"})
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
UI = Path(str(files("ipse.serve") / "ui"))

Who = Annotated[str | None, Query(alias="person")]
Shown = dict[str, Any]


class SignalIn(BaseModel):
    dimension: str
    value: StrictFloat | str
    source: SignalSource = "nudge"


class TextIn(BaseModel):
    text: str


class OwnTextIn(TextIn):
    base: str | None = None
    """What was on the screen while this was written: a paragraph's id ("" for none), or about-me's text."""


class PinIn(BaseModel):
    base: str | None = None


class IdIn(BaseModel):
    id: str


class AnswersIn(BaseModel):
    answers: dict[str, StrictFloat | str]


class ValuesIn(BaseModel):
    values: dict[str, float]


class DecisionIn(BaseModel):
    action: Literal["accept", "dismiss"]
    sentence: str | None = None


class ThumbIn(BaseModel):
    thumb: Literal["up", "down"]


def create_app(home: Path, person: str | None = None, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The application for one home. `person` is who is meant where a request names nobody."""
    app = FastAPI(title="ipse", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")

    @contextmanager
    def opened(who: str | None) -> Iterator[Me]:
        me = Me.open(home, who or person)
        me.clock = clock
        try:
            yield me
        finally:
            me.store.close()

    def shown(me: Me) -> Shown:
        return views.portrait(me.person, me.profile())

    def profile_of(who: str | None) -> Shown:
        with opened(who) as me:
            return shown(me)

    def after(change: Callable[[Me], object], who: str | None) -> Shown:
        with opened(who) as me:
            change(me)
            return shown(me)

    _guard(app)
    _errors(app, profile_of)

    @app.get("/api/people")
    def everybody() -> Shown:
        names = [each.name for each in people(home)]
        return {"people": names, "person": person or (names[0] if len(names) == 1 else None)}

    @app.get("/api/profile")
    def profile(who: Who = None) -> Shown:
        return profile_of(who)

    @app.get("/api/dimensions/{dimension}")
    def dimension_series(dimension: Dimension, who: Who = None) -> Shown:
        with opened(who) as me:
            return views.series(dimension, me.series(dimension), me.store.drifts())

    @app.post("/api/signals")
    def signal(given: SignalIn | Annotated[list[SignalIn], Field(max_length=MOST_AT_ONCE)], who: Who = None) -> Shown:
        with opened(who) as me:
            told = given if isinstance(given, list) else [given]
            me.signals([(each.dimension, each.value, each.source) for each in told])
            return shown(me)

    @app.put("/api/profile/paragraph")
    def edit(given: OwnTextIn, who: Who = None) -> Shown:
        return after(lambda me: me.edit(given.text, given.base), who)

    @app.put("/api/profile/about")
    def describe(given: OwnTextIn, who: Who = None) -> Shown:
        return after(lambda me: me.describe(given.text, given.base), who)

    @app.post("/api/profile/pin")
    def pin(given: PinIn, who: Who = None) -> Shown:
        return after(lambda me: me.pin(given.base), who)

    @app.post("/api/profile/unpin")
    def unpin(who: Who = None) -> Shown:
        return after(lambda me: me.unpin(), who)

    @app.post("/api/profile/consult")
    def consult(who: Who = None) -> Shown:
        return after(lambda me: me.consult(), who)

    @app.post("/api/profile/restore")
    def restore(given: IdIn, who: Who = None) -> Shown:
        return after(lambda me: me.restore(given.id), who)

    @app.get("/api/profile/history")
    def history(last: Annotated[int, Query(ge=1)] = HISTORY, who: Who = None) -> Shown:
        with opened(who) as me:
            return views.history(me.history(last))

    @app.get("/api/profile/amendments")
    def amendments(who: Who = None) -> Shown:
        with opened(who) as me:
            return {"amendments": [views.amendment(each) for each in me.amendments()]}

    @app.post("/api/profile/amendments/{amendment_id}")
    def decide(amendment_id: str, given: DecisionIn, who: Who = None) -> Shown:
        with opened(who) as me:
            if given.action == "accept":
                me.accept(amendment_id, given.sentence)
            else:
                me.dismiss(amendment_id)
            return shown(me)

    @app.get("/api/quiz")
    def quiz() -> Shown:
        return views.quiz()

    @app.post("/api/quiz")
    def onboard(given: AnswersIn, who: Who = None) -> Shown:
        return after(lambda me: me.onboard(given.answers), who)

    @app.post("/api/preview")
    def sample(given: ValuesIn) -> Shown:
        return {"text": preview(given.values)}

    @app.post("/api/replies")
    def reply(given: TextIn, who: Who = None) -> Shown:
        with opened(who) as me:
            noted = me.note_reply(given.text)
            return {"id": noted.id if noted else None}

    @app.post("/api/replies/{reply_id}/thumb")
    def thumb(reply_id: str, given: ThumbIn, who: Who = None) -> Shown:
        return after(lambda me: me.thumb(reply_id, given.thumb), who)

    @app.get("/api/context")
    def context(max_tokens: int = 300, who: Who = None) -> Shown:
        with opened(who) as me:
            return {"preamble": me.preamble(), "context": me.context(max_tokens)}

    @app.get("/", include_in_schema=False)
    def page() -> Response:
        return FileResponse(UI / "index.html")

    app.mount("/ui", StaticFiles(directory=UI), name="ui")
    return app


def _guard(app: FastAPI) -> None:
    @app.middleware("http")
    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        refused = _refusal(request)
        response = _error(403, refused) if refused else await go_on(request)
        response.headers.update(HEADERS)
        return response


def _refusal(request: Request) -> str | None:
    """Why a request is turned away, or None."""
    host = request.headers.get("host", "")
    if _parts(f"//{host}").hostname not in LOOPBACK:
        return "only this machine may ask; use http://localhost"
    if request.method in SAFE:
        return None
    origin = request.headers.get("origin")
    if origin is not None and _parts(origin).netloc != host:
        return "this came from another site's page"
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        return "send JSON (Content-Type: application/json)"
    return None


def _parts(address: str) -> SplitResult:
    """All empty for what is no address."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _errors(app: FastAPI, profile_of: Callable[[str | None], Shown]) -> None:
    @app.exception_handler(IpseError)
    def told(request: Request, fault: IpseError) -> Response:
        if isinstance(fault, Conflict):
            return _error(409, str(fault), profile=profile_of(request.query_params.get("person")))
        status = 404 if isinstance(fault, NoSuchPerson) else 400 if isinstance(fault, UsageError) else 503
        return _error(status, str(fault))

    @app.exception_handler(RequestValidationError)
    def wrong(_request: Request, fault: RequestValidationError) -> Response:
        reasons = {f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in fault.errors()}
        return _error(400, "; ".join(sorted(reasons)))


def _error(status: int, reason: str, **more: Any) -> JSONResponse:
    return JSONResponse({"error": reason, **more}, status_code=status)
