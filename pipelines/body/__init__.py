"""Bodies: find everybody from head to foot, decide who stays, cover, remove or exchange the others, and check."""
