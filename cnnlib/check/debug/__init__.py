"""Exercises of the chapter "Debug the notes", one file for each of its four parts."""

from cnnlib.check.debug import explanations, numbers, silent, stops

__all__ = ["explanations", "numbers", "silent", "stops"]
