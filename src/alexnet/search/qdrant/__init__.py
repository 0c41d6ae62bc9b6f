"""Indexes that Qdrant keeps: qdrant://host:6333/collection, or qdrant:///folder/collection without a server.

points   what the kind asks of either
server   of a server, by qdrant-client
engine   of Qdrant's engine within this process, by qdrant-edge-py
index    the kind
"""

from alexnet.search.qdrant.index import build as build
from alexnet.search.qdrant.index import open as open
