"""For teachers: grade what students hand in, hand the chapters to nbgrader or Otter, and fill a class share."""

from cnnlib.classroom.assignments import for_nbgrader, for_otter
from cnnlib.classroom.grading import Grade, grade, write_table

__all__ = ["Grade", "for_nbgrader", "for_otter", "grade", "write_table"]
