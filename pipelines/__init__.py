"""One module per job, each with the same verbs: analyze, render, check."""
