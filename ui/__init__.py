"""The doors: command line and app."""
