"""What Deepmask reaches, measured: ``python -m benchmarks`` prints every number that the README shows."""
