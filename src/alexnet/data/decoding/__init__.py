"""From the bytes of a picture file to RGB pixels, for preparing, checking, predicting and serving alike.

images      the one decoder of the package, and the central square of a picture
decoding    opening, refusing, turning upright; the reasons why not
colours     what an embedded profile means, in sRGB
quiet       keeps the decoders' own lines off stderr
"""
