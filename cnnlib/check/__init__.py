"""Check an answer to an exercise: ``check("arithmetic.1", my_function)``.

One file a chapter, or a package of files, holds its exercises; what they share is in `cnnlib.check.engine`.
"""

from cnnlib.check.engine import check, exercises

__all__ = ["check", "exercises"]
