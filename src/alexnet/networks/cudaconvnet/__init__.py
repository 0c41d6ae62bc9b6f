"""Networks from the layer-definition files of the 2012 program."""

from alexnet.networks.cudaconvnet.architecture import Definition
from alexnet.networks.cudaconvnet.layers import DefinitionWarning

__all__ = ["Definition", "DefinitionWarning"]
