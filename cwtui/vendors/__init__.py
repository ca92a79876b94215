"""Intermedia's files, and any vendor's usage file: the same tasks, plans and writer as for the marketplace.

Rule: files.md.
"""
