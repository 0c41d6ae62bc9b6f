"""The one look of all that the package writes to be read: what a page says, and how it is written.

blocks      what stands on a page: paragraphs, tables, figures, pictures
html        the same as one HTML file: no script, nothing loaded from elsewhere, everything escaped
markdown    the same for a README or a pull request
style       the one style sheet: light, dark, narrow, on paper
pictures    photographs as addresses that lie within a page
"""
