"""Engines that cannot share our environment, each in one of its own and in a process of its own.

    from deepmask.workers import environments
    environments.install("whisperx")     # on request only: a virtual environment from pinned requirements
    environments.installed("whisperx")   # looks at one small file

The engine's code runs in :mod:`deepmask.workers.scripts`, which says how it is spoken to.
:mod:`deepmask.workers.client` starts it, speaks to it and ends it. Importing this package imports nothing heavy.
"""
