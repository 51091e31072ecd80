"""Commands that make the weights in ``assets``: not part of the package, and in need of the extra ``neural``."""
