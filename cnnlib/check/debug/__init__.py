"""Exercises of the chapter "Debug the notes": one file for each of its first four parts, three for the fifth."""

from cnnlib.check.debug import counts, explanations, measured, nets, numbers, silent, stops

__all__ = ["counts", "explanations", "measured", "nets", "numbers", "silent", "stops"]
