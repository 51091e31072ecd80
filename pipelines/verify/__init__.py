"""Verify: who sealed a picture and where it was changed, which tag it carries, which of its pixels are faked."""
