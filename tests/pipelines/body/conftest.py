from tests.tiny.bodies import fakes, roster, source, vault

__all__ = ["fakes", "roster", "source", "vault"]
