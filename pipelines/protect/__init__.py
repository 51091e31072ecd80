"""Protect: seal originals, tag pictures and videos, cloak photos.

Each ends with a check of its own output, and its report says what the check found.
"""
