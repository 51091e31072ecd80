"""What runs inside the isolated environments; only :mod:`serving` is imported by Deepmask, too."""
