"""Cloaks: photos changed so little that people hardly see it, and so that networks see somebody else."""
