"""Settings: frozen dataclasses of frozen dataclasses, as plain values and back, and one of them changed by its path.

    typed     plain values and texts as the types that fields say, and the reason where they do not fit
    paths     the paths of settings: one changed, all listed, those that differ from the defaults

Nothing here knows what the settings are of.
"""
