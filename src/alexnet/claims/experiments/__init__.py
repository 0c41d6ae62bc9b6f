"""The claims by name, in the order of the paper.

assumptions    section 1: the two assumptions of convolution
activation     section 3.1: figure 1
normalization  section 3.3
architecture   sections 3.2, 3.4, 6.1 and 7: columns, overlapping pools, depth
overfitting    section 4: crops and mirrors, colours, dropout
averages       sections 4.1 and 6: views, networks
time           section 5: days
features       section 6: pre-training, neighbours
ilsvrc         section 6: tables 1 and 2, for who has the pictures
small          what most of them train
"""

from typing import Final

from alexnet.claims.claim import Claim
from alexnet.claims.experiments.activation import FIGURE_1
from alexnet.claims.experiments.architecture import COLUMNS, DEPTH, OVERLAPPING, SPECIALISATION
from alexnet.claims.experiments.assumptions import ASSUMPTIONS
from alexnet.claims.experiments.averages import ENSEMBLE, TEN_VIEWS
from alexnet.claims.experiments.features import NEIGHBOURS, PRETRAINING
from alexnet.claims.experiments.ilsvrc import TABLE_1, TABLE_2
from alexnet.claims.experiments.normalization import NORMALIZATION
from alexnet.claims.experiments.overfitting import COLOUR, CROPS, DROPOUT
from alexnet.claims.experiments.time import TIME
from alexnet.errors import RecipeError, choices

CLAIMS: Final[dict[str, Claim]] = {
    claim.name: claim
    for claim in (
        ASSUMPTIONS,
        FIGURE_1,
        COLUMNS,
        NORMALIZATION,
        OVERLAPPING,
        CROPS,
        COLOUR,
        TEN_VIEWS,
        DROPOUT,
        TIME,
        ENSEMBLE,
        PRETRAINING,
        SPECIALISATION,
        NEIGHBOURS,
        DEPTH,
        TABLE_1,
        TABLE_2,
    )
}


def claim_named(name: str) -> Claim:
    """Return a claim by its name; RecipeError offers the choices."""
    if name not in CLAIMS:
        raise RecipeError(f"`{name:.80}` is not a claim; {choices(name, CLAIMS)}")
    return CLAIMS[name]
