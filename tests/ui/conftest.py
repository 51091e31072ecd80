from tests.tiny.environment import shelf, small  # noqa: F401  # fixtures
