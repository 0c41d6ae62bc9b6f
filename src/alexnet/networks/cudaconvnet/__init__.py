"""Networks from the layer-definition files of the 2012 program.

architecture    a definition as an architecture: what it says, read once, and stages made of it
sections        the INI files, as Python 2 read them
grammar         the types of layers, their keys and defaults
layers          the layers of a file, checked one by one
constants       what of a parameter file belongs to the network
columns         twin columns merged into grouped stages; column_weights does so with their weights
layer_context   what a layer is made from beside its own keys
operations      the stage of each layer; weighted makes those with weights
objective       which stage answers, and the costs
"""

from alexnet.networks.cudaconvnet.architecture import Definition
from alexnet.networks.cudaconvnet.layers import DefinitionWarning

__all__ = ["Definition", "DefinitionWarning"]
