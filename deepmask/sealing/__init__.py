"""Seals: a message about a picture laid into the picture itself, so that it can be taken out again without a trace.

expansion   bits in and out of one block of pixels, exactly reversible
erasure     a message in many shares, of which any sufficient number gives it back
layout      which blocks a picture has
regions     segmentation maps, coarse enough to be the same on every machine
message     what is said of a picture, and the signature over it
laying      all of it into a picture
finding     all of it out of a picture, whatever was done to it since
"""
