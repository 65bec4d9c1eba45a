"""A lakeFS server for tests, made from lakeFS's own API description.

It knows the paths and parameters of `lakefs-api.json` and no others, pages as lakeFS
does, and checks each body that it sends against the schema of the answer. What no
test has put into it is generated from that schema.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import jsonschema

API = json.loads((Path(__file__).parent / "lakefs-api.json").read_text(encoding="utf-8"))
BASE = "/api/v1"
USER, PASSWORD = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def resolved(part: dict) -> dict:
    """A part of the description, its reference followed."""
    while "$ref" in part:
        _, *steps = part["$ref"].split("/")
        part = API
        for step in steps:
            part = part[step]
    return part


def schema_of(path: str) -> dict | None:
    """The schema of a path's answer, None where it is no JSON."""
    content = API["paths"][path]["get"]["responses"]["200"]["content"]
    return content["application/json"]["schema"] if "application/json" in content else None


def parameters_of(path: str) -> dict[str, dict]:
    item = API["paths"][path]
    listed = map(resolved, [*item.get("parameters", []), *item["get"].get("parameters", [])])
    return {one["name"]: one for one in listed if one["in"] == "query"}


def validator(schema: dict) -> jsonschema.Validator:
    # `#/components/...` is found in the schema itself.
    return jsonschema.Draft4Validator({**schema, "components": API["components"]})


def merged(schema: dict) -> dict:
    """A schema with its reference followed, and its parts (`allOf`) made one."""
    schema = resolved(schema)
    if "allOf" not in schema:
        return schema
    parts = [merged(part) for part in schema["allOf"]]
    return {
        "type": "object",
        "properties": {name: one for part in parts for name, one in part.get("properties", {}).items()},
        "required": [name for part in parts for name in part.get("required", ())],
    }


def example(schema: dict) -> object:
    """A value that a schema admits."""
    schema = merged(schema)
    match schema.get("type"):
        case "object":
            return {name: example(schema["properties"][name]) for name in schema.get("required", ())}
        case "array":
            return [example(schema["items"])] * schema.get("minItems", 0)
        case "integer":
            return schema.get("minimum", 1767225600)
        case "boolean":
            return False
        case "string" if "enum" in schema:
            return schema["enum"][0]
        case "string":
            return "2026-01-01T00:00:00Z" if schema.get("format") == "date-time" else "example"
    raise AssertionError(schema)


class World:
    """What the server has: entries and bodies by concrete path, and the requests that it got.

    `answers` maps a path below `/api/v1` to a list of entries, which is paged, to any
    other body, to an HTTP status, or to a function of the query that gives one of these.
    """

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.page = 1000
        self.generated = False
        """Whether a list that nobody put in has an entry all the same, as its schema says."""
        self.delay = 0.0
        self.dies_after: int | None = None
        """How many requests are answered before the server is gone."""

    def asked(self, part: str) -> list[str]:
        return [request for request in self.requests if part in request]


def _handler(world: World) -> type[BaseHTTPRequestHandler]:
    templates = [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in sorted(API["paths"], key=len)
    ]
    wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(world.delay)
            asked = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(asked.query, keep_blank_values=True).items()}
            raw = asked.path.removeprefix(BASE)  # a proxy is asked for the whole address
            path = "/".join(unquote(step) for step in raw.split("/"))
            world.requests.append(self.path.removeprefix(BASE))
            if world.dies_after is not None and len(world.requests) > world.dies_after:
                self.close_connection = True
                return
            template = next((name for pattern, name in templates if pattern.fullmatch(raw)), None)
            if template is None:
                self._send(400, b"no matching operation was found\n")  # as lakeFS does
                return
            unknown = set(query) - set(parameters_of(template))
            if unknown:
                world.faults.append(f"{self.path}: unknown parameters {unknown}")
            public = API["paths"][template]["get"].get("security") == []
            if not public and self.headers.get("Authorization") != wanted:
                self._send(401, {"message": "error authenticating request"})
                return
            answer = world.answers.get(path)
            if path.endswith("/objects"):
                answer = world.answers.get(f"{path}?path={query['path']}", 404)
            if callable(answer):
                answer = answer(query)
            if isinstance(answer, int):
                self._send(answer, {"message": "as the test wants it"})
                return
            if isinstance(answer, bytes):
                self._send(200, answer)
                return
            schema = schema_of(template)
            assert schema is not None
            pages = "pagination" in resolved(schema).get("properties", {})
            if pages and answer is None and world.generated:
                answer = [example(resolved(schema)["properties"]["results"]["items"])]
            body = self._page(answer or [], query) if pages else answer
            body = example(schema) if body is None else body
            world.faults.extend(
                f"{self.path}: {error.message}" for error in validator(schema).iter_errors(body)
            )
            self._send(200, body)

        def _page(self, entries: list, query: dict[str, str]) -> dict:
            first = int(query.get("after") or 0)
            size = min(world.page, int(query.get("amount", 100)))
            more = first + size < len(entries)
            return {
                "pagination": {
                    "has_more": more,
                    "next_offset": str(first + size) if more else "",
                    "results": len(entries[first : first + size]),
                    "max_per_page": 1000,
                },
                "results": entries[first : first + size],
            }

        def _send(self, status: int, body: object) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # the client did not wait

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@contextmanager
def serving(world: World) -> Iterator[str]:
    """Serve a world; gives the endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(world))
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{BASE}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
