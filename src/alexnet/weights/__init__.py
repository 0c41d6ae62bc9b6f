"""Weights by name: who publishes them, where they lie, and the one way from a name to a checkpoint.

    catalogue    what is published: addresses, size, digest, licence, errors to expect
    shipped      what lies in the package itself, each with its card
    finding      where published weights lie on this machine already
    adopting     fetched on request or given as a file, checked, converted once
    loading      a run, a checkpoint, a file of another program or a name, as a checkpoint or a classifier
    shipped/     NAME.safetensors, a checkpoint, and NAME.json, its card

Nothing is fetched unless it is asked for.
"""
