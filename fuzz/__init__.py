"""Fuzz targets: see docs/fuzzing.md."""
