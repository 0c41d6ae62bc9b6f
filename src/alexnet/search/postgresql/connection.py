"""A connection to PostgreSQL by its address; what goes wrong with it, in one line."""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, final
from urllib.parse import parse_qs, unquote, urlsplit

from alexnet.errors import RecipeError, SearchError, missing
from alexnet.text import visible

SECONDS: Final = 10.0
"""How long a server may take to answer that it is there."""
ADVICE: Final = {
    "42P01": "build the index again, or copy its folder again",  # the table is gone
    "28P01": "give the password in PGPASSWORD",  # it is wrong
    "0A000": "install pgvector 0.7 or newer there",  # there is no such extension
    "58P01": "install pgvector 0.7 or newer there",  # its files are not there
}
"""What to do, by the code that PostgreSQL gives an error."""
OTHERWISE: Final = "see the address and the rights of its user"


@final
@dataclass(frozen=True)
class Address:
    """Where a table is: all of an address but the password."""

    user: str
    host: str
    """A name or an address, or the folder of a socket."""
    port: int
    database: str
    table: str

    def __str__(self) -> str:
        server = f"postgresql://{self.user}@{'' if self.host.startswith('/') else self.host}:{self.port}"
        socket = f"host={self.host}&" if self.host.startswith("/") else ""
        return f"{server}/{self.database}?{socket}table={self.table}"


def parsed(address: str) -> tuple[Address, str | None]:
    """Return an address, and the password in it, where it has one.

    Raises:
        RecipeError: it is no such address.
    """
    try:
        parts = urlsplit(address)
        port, options = parts.port or 5432, parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise _wrong(str(error)) from None
    host = options.pop("host", [parts.hostname or "localhost"])[0]
    table = options.pop("table", ["pictures"])[0]
    if options:
        raise _wrong(f"it has no {next(iter(options))!r}")
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,39}", table):
        raise _wrong(f"{table[:60]!r} is no name of a table: small letters, digits and _, at most 40")
    user, database = unquote(parts.username or "postgres"), unquote(parts.path.lstrip("/")) or "postgres"
    return Address(user, host, port, database, table), parts.password and unquote(parts.password)


def connect(address: Address, password: str | None) -> Any:
    """Return a connection of pg8000.

    Raises:
        SearchError: the server is away, or does not let us in.
        AlexNetError: pg8000 is not installed.
    """
    try:
        import pg8000.native
    except ImportError:
        raise missing("pg8000", "search", "an index in PostgreSQL") from None
    secret = password or os.environ.get("PGPASSWORD")
    try:
        channel = _channel(address)
    except OSError as error:
        raise _away(address, error) from None
    with answering(address):
        try:
            connection = pg8000.native.Connection(
                address.user, database=address.database, password=secret, sock=channel
            )
        except BaseException:
            channel.close()
            raise
    channel.settimeout(None)  # a graph may take hours to be built
    return connection


def close(connection: Any) -> None:
    """Let go of a connection, even of one that is closed or broken."""
    import pg8000.exceptions

    with suppress(pg8000.exceptions.InterfaceError):
        connection.close()


def _channel(address: Address) -> socket.socket:
    """Return a socket that the server answers at."""
    if not address.host.startswith("/"):
        return socket.create_connection((address.host, address.port), SECONDS)
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.settimeout(SECONDS)
    channel.connect(f"{address.host}/.s.PGSQL.{address.port}")
    return channel


def _away(address: Address, error: BaseException) -> SearchError:
    reason = visible(str(error.__cause__ or error))[:200]
    return SearchError(
        f"{address}: the database is away ({reason}): start it, or see its address and PGPASSWORD"
    )


@contextmanager
def answering(address: Address) -> Iterator[None]:
    """Say in one line what the server, or the way to it, has against what is done here."""
    import pg8000.exceptions

    try:
        yield
    except (pg8000.exceptions.DatabaseError, pg8000.exceptions.InterfaceError) as error:
        said: BaseException | None = error
        while said is not None and not isinstance(said, pg8000.exceptions.DatabaseError):
            said = said.__cause__ or said.__context__  # a server that refuses hangs up, and that comes last
        if said is None:
            raise _away(address, error) from None
        raise _refused(address, said) from None


def _refused(address: Address, error: BaseException) -> SearchError:
    """Return the error for what the server itself says."""
    said = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    reason = visible(str(said.get("M", error)))[:200]
    return SearchError(f"{address}: {reason}; {ADVICE.get(said.get('C', ''), OTHERWISE)}")


def _wrong(reason: str) -> RecipeError:
    return RecipeError(
        f"the address of an index in PostgreSQL is not understood ({reason}): expected "
        "postgresql://user@host:5432/database?table=pictures"
    )
