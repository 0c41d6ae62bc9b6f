"""Evaluation: a network meets pictures, and what comes of it in numbers."""
