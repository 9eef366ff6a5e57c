"""How fast this machine trains, measured: the notes' own loop beside `cnnlib.train.fit`, and times to an accuracy."""

from cnnlib.bench.measuring import plain_way, speed
from cnnlib.bench.plain import PlainPictures, plain_fit
from cnnlib.bench.report import bench, line, read, time_row
from cnnlib.bench.rows import SPEEDS, TIMES, Speed, Time, chosen
from cnnlib.bench.table import check_name, export, machines, speed_table, time_table

__all__ = [
    "SPEEDS",
    "TIMES",
    "PlainPictures",
    "Speed",
    "Time",
    "bench",
    "check_name",
    "chosen",
    "export",
    "line",
    "machines",
    "plain_fit",
    "plain_way",
    "read",
    "speed",
    "speed_table",
    "time_row",
    "time_table",
]
