"""Networks: the paper's, and its relatives."""
