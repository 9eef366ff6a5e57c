# The two commands are `make book` and `make test`; both prepare what they need and may be repeated at will.
# Every recipe is a line or two of `python -m …`, so README.md can print the same words for Windows.

PYTHON ?= python3
PORT   ?= 8000
VENV   := .venv
PY     := $(VENV)/bin/python

# `make book TORCH=cpu` takes torch's CPU build: on Linux it leaves gigabytes of GPU libraries out, and uses no GPU then.
ifeq ($(TORCH),cpu)
PIP_OPTIONS := --extra-index-url https://download.pytorch.org/whl/cpu
endif

.PHONY: help book archive serve test lint install lock clean

help:
	@echo "make book    install into $(VENV), execute the chapters, build the HTML (TORCH=cpu: without the GPU libraries)"
	@echo "make archive the built book as one zip that works from disk, with its checksum"
	@echo "make serve   serve the built book on http://127.0.0.1:$(PORT) (PORT=… for another port)"
	@echo "make test    run everything: lint, tests, doctests, notebooks, the book, the browser"
	@echo "make lint    run only the quick checks"
	@echo "make lock    compile requirements.txt anew from pyproject.toml"
	@echo "make clean   remove $(VENV) and all that was built"

book: install
	$(PY) tools/build_book.py

archive: book
	$(PY) tools/archive.py

serve:
	@test -f _build/html/index.html || { echo "No book here yet: run 'make book' first."; exit 1; }
	@echo "The book is on http://127.0.0.1:$(PORT)/ (Ctrl+C stops it)"
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

# A process for each processor; a file's tests stay together, as a notebook's cells must.
test: lint
	$(PY) -m pytest -n auto --dist loadfile

lint: install
	$(PY) -m ruff check .
	$(PY) tools/notebooks.py --check

install: $(VENV)/installed

# The stamp is written last, so an interrupted installation is taken up again.
$(VENV)/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
	  echo "Python 3.11 to 3.14 is needed, but $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make book PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install $(PIP_OPTIONS) -r requirements.txt -e .
	@touch $@

# The GPU libraries are left out of the lock: torch pins each of them itself, and its CPU build must not bring them.
GPU := cuda-bindings cuda-pathfinder cuda-toolkit triton nvidia-cublas nvidia-cuda-cccl nvidia-cuda-cupti nvidia-cuda-nvrtc \
       nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 \
       nvidia-nccl-cu13 nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx

lock:
	$(PY) -m pip install --quiet uv
	$(PY) -m uv --no-config pip compile pyproject.toml --extra book --extra test --universal --python-version 3.11 \
	  --upgrade --annotation-style=line --custom-compile-command "make lock" \
	  $(addprefix --no-emit-package ,$(GPU)) --output-file requirements.txt

clean:
	rm -rf $(VENV) _build
