"""Short binary codes of pictures, as the end of the paper's section 6.1 proposes.

encoder       from a vector to a code
autoencoder   an encoder that is trained; projections: those that are not, to compare it with
index         the kind: codes of all pictures, and a search through them
"""

from alexnet.search.codes.index import build as build
from alexnet.search.codes.index import open as open
