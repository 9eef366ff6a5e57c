"""Runs of an experiment that end badly, in a module of their own, so that a process can import them."""

import os
import signal

from cnnlib.experiments.seeds import Seed


class Killed(Seed):
    """Its second seed is ended as by a system that has run out of memory."""

    def train(self, pictures, progress):
        if self.seed == 1:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        super().train(pictures, progress)


class Failing(Seed):
    """Its second seed has a bug."""

    def train(self, pictures, progress):
        if self.seed == 1:
            raise ZeroDivisionError("a bug of the test")
        super().train(pictures, progress)
