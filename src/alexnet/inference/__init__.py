"""Inference: a trained network answers about pictures."""
