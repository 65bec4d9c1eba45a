"""A live lakeFS server, asked through its SDK; answers come back as they are.

Where it is and who asks comes from where lakectl has it: the environment, else
`~/.lakectl.yaml` (lakeFS's documentation, "lakectl", "Configuring credentials and
API endpoint"). Nothing of it is ever said: no message holds a key, a token or
what a library says of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Struct

T = TypeVar("T")

INSTALL: Final = "install what it needs: `pip install 'kfm-audit[collect]'`"
_CONNECT_SECONDS: Final = 10
_RETRIES: Final = 3
_BACKOFF = 0.5
"""Seconds before the second try of one question; they double with each."""
SETTINGS: Final = (
    "set LAKECTL_SERVER_ENDPOINT_URL, LAKECTL_CREDENTIALS_ACCESS_KEY_ID and "
    "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY, or run `lakectl config`"
)
_SHOWN: Final = 160


class CollectError(Exception):
    """Something was not got: `why`, and the `cure` that mends it."""

    def __init__(self, why: str, cure: str) -> None:
        """Say why, and what mends it."""
        super().__init__(f"{why}; {cure}")
        self.why = why
        self.cure = cure


class SetupError(CollectError):
    """Nothing can be asked at all: no SDK, no credentials, no endpoint."""


class RefusedError(CollectError):
    """The server answered, and not with what was asked for."""

    def __init__(self, why: str, cure: str, said: str = "", status: int = 0) -> None:
        """`status` is the HTTP status, 0 for an answer that cannot be read; `said` it and the server's words."""
        super().__init__(why, cure)
        self.said = said
        self.status = status

    @property
    def unknown(self) -> bool:
        """Whether the server does not know the question: lakeFS answers 400 on a route that it has not."""
        return self.status in (400, 404, 501)


class UnreachableError(CollectError):
    """The server did not answer, after several tries."""


class _Pagination(Struct, frozen=True):
    has_more: bool
    next_offset: str = ""


class Page(Struct, frozen=True):
    """One page of a list; what the entries are is for whoever reads the folder to judge."""

    pagination: _Pagination
    results: list[dict[str, object]]


class LakeFSServer:
    """A lakeFS server, through the client that lakeFS maintains (PyPI: `lakefs`)."""

    def __init__(self, *, timeout: float, retries: int = _RETRIES) -> None:
        """Find endpoint and credentials; nothing is asked yet. `timeout` is in seconds. Raises SetupError."""
        self._timeout = timeout
        self._client = _client(retries)
        self.endpoint = _without_credentials(str(self._client.config_api.api_client.configuration.host))

    def ask(self, api: str, operation: str, **parameters: object) -> bytes:
        """The body of an answer, through an operation of the SDK. Raises RefusedError and UnreachableError."""
        call = getattr(getattr(self._client, api), f"{operation}_with_http_info")
        return self._answer(lambda limits: call(**parameters, **limits))

    def ask_path(self, path: str, **parts: str) -> bytes:
        """The body of an answer that the SDK has no operation for. Raises RefusedError and UnreachableError."""
        api = self._client.config_api.api_client
        return self._answer(
            lambda limits: api.call_api(
                path,
                "GET",
                parts,
                [],
                {"Accept": "application/json"},
                auth_settings=["basic_auth", "jwt_token"],
                response_types_map={},
                **limits,
            )
        )

    def _answer(self, call: Callable[[dict[str, object]], Any]) -> bytes:
        """Make a call of the SDK and hand out what came back, undecoded."""
        from lakefs_sdk.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            answer = call({"_preload_content": False, "_request_timeout": (_CONNECT_SECONDS, self._timeout)})
            return bytes(answer.raw_data)
        except ApiException as error:
            raise _refused(int(error.status or 0), error.body) from None
        except HTTPError as error:
            raise _unreachable(error, self.endpoint, self._timeout) from None


# The SDK's client is generated code without types.
def _client(retries: int) -> Any:
    """The SDK's client. Raises SetupError."""
    try:
        from lakefs.client import Client
        from lakefs.config import ClientConfig
        from lakefs.exceptions import LakeFSException, NoAuthenticationFound
        from lakefs_sdk.client import LakeFSClient
        from urllib3.util import Retry
        from yaml import YAMLError
    except ImportError:
        raise SetupError("the lakeFS SDK is not installed", INSTALL) from None
    try:
        config: Any = ClientConfig()
        if not config.host:
            raise SetupError("no lakeFS endpoint is set", SETTINGS)
        config.proxy = _proxy(str(config.host))
        # Answers that only mean "later" are asked for again, a fixed number of times.
        config.retries = Retry(
            total=retries,
            backoff_factor=_BACKOFF,
            status_forcelist=(429, 502, 503, 504),
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        client: Any = LakeFSClient
        client_for_role: Any = Client
        if config.get_auth_type() is ClientConfig.AuthType.IAM:
            return client_for_role().sdk_client
        return client(config, header_name="X-Lakefs-Client", header_value="kfm-audit")
    except NoAuthenticationFound:
        raise SetupError("no credentials for lakeFS are set", SETTINGS) from None
    except (LakeFSException, OSError, ImportError) as error:
        raise SetupError(f"lakeFS's settings cannot be used ({type(error).__name__})", SETTINGS) from None
    except (YAMLError, TypeError, ValueError, AttributeError, KeyError) as error:
        cure = f"mend it, or {SETTINGS}"
        raise SetupError(f"lakectl's configuration cannot be read ({type(error).__name__})", cure) from None


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for a server, as lakectl takes it; the SDK does not look."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url if "//" in url else f"http://{url}")
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def read_page(body: bytes) -> Page:
    """Read one page of a list. Raises RefusedError."""
    return decode(body, Page)


def decode(body: bytes, into: type[T]) -> T:
    """Read a JSON answer. Raises RefusedError."""
    try:
        return msgspec.json.decode(body, type=into)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = str(error).split(" - at")[0]
        raise RefusedError(
            f"the answer is none of lakeFS's API: {what}",
            "check that the endpoint is that of the API, `https://HOST/api/v1`, and no proxy's page",
        ) from None


def _refused(status: int, body: object) -> RefusedError:
    said = _message(body)
    shown = f"({status}{f': {said}' if said else ''})"
    match status:
        case 401 | 403:
            why, cure = "not permitted", "give the user the actions that docs/collect.md lists"
        case 404:
            why, cure = "not there", "check the name, and that the server is lakeFS 1.0 or newer"
        case 429:
            why, cure = "refused too often", "try again later: what was got is kept"
        case 501:
            why, cure = "nothing that this server has", "ask a server that has it, or do without"
        case _ if status >= 500:
            why = "the server failed"
            cure = "look into its log, and try again: what was got is kept"
        case _:
            why, cure = "refused", "check that the server is lakeFS 1.0 or newer"
    return RefusedError(f"{why} {shown}", cure, shown, status)


def _message(body: object) -> str:
    """What the server says of a refusal, on one line."""
    if isinstance(body, bytes | str):
        try:
            document = msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return ""
        message = document.get("message") if isinstance(document, dict) else None
        if isinstance(message, str):
            line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
            return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
    return ""


def _unreachable(error: Exception, endpoint: str, timeout: float) -> UnreachableError:
    """Say in words why nothing came; the library's own words may hold what must not be said."""
    from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, SSLError
    from urllib3.exceptions import TimeoutError as Timeout

    cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    match cause:
        case SSLError():
            why = f"no secure connection to {endpoint}"
            cure = "check the server's certificate, and SSL_CERT_FILE where it is one of your own"
        case NameResolutionError():
            why, cure = f"{endpoint} was not found", "check the endpoint's name"
        case Timeout() if not isinstance(cause, NewConnectionError):
            why = f"no answer from {endpoint} within {timeout:g} s"
            cure = "try again: what was got is kept; --timeout SECONDS waits longer"
        case _:
            why = f"no connection to {endpoint} ({type(cause).__name__})"
            cure = "check the endpoint, and that the server runs"
    return UnreachableError(why, cure)


def _without_credentials(url: str) -> str:
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return "the endpoint"
