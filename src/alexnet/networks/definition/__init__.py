"""Networks from the layer-definition files of the 2012 program."""

from alexnet.networks.definition.architecture import Definition
from alexnet.networks.definition.layers import DefinitionWarning

__all__ = ["Definition", "DefinitionWarning"]
