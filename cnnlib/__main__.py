"""``python -m cnnlib`` is the command ``cnnlib``; ``torchrun -m cnnlib`` starts it in several processes."""

import sys

from cnnlib.cli import main

if __name__ == "__main__":
    sys.exit(main())
