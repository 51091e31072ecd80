"""One module for each command of the command line; each holds a click command named ``command``."""
