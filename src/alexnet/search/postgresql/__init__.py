"""Indexes that PostgreSQL keeps, by its extension pgvector: postgresql://user@host:5432/database?table=pictures

connection  from an address to a connection; what goes wrong with it, in one line
copying     pictures as the bytes of COPY
table       every statement: pictures in, near ones out
index       the kind
"""

from alexnet.search.postgresql.index import build as build
from alexnet.search.postgresql.index import open as open
