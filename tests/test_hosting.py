"""What teachers and hosts are told works: the syllabus, Binder's files, the Slurm script, `python -m cnnlib`."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet


@pytest.fixture
def minutes(root, monkeypatch):
    """Return how long each chapter takes to read, as it says itself."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(root / "book" / "_ext")])
    from chapter_fronts import read_fronts

    return {name: front.minutes for name, front in read_fronts(root).items()}


def test_eight_weeks_are_the_whole_book_and_four_are_not_too_much(root, minutes):
    blocks = re.findall(r"```{syllabus}\n(.*?)```", (root / "book" / "teaching.md").read_text("utf-8"), flags=re.DOTALL)
    four, eight = ([week["chapters"] for week in yaml.safe_load(block)] for block in blocks)
    assert (len(four), len(eight)) == (4, 8)
    assert sorted(name for week in eight for name in week) == sorted(minutes)
    for week in four:
        assert sum(minutes[name] for name in week) <= 200


def test_the_page_shows_every_week(built_book):
    page = (built_book / "book" / "teaching.html").read_text(encoding="utf-8")
    weeks = re.findall(r"Week (\d): (\d+) minutes of reading", page)
    assert [int(number) for number, _ in weeks] == [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8]


# Read by repo2docker from a folder `binder`, if these are their names:
# https://repo2docker.readthedocs.io/en/latest/configuration/
def test_binder_finds_its_files(root):
    assert {path.name for path in (root / "binder").iterdir()} == {
        "runtime.txt", "requirements.txt", "postBuild", "start",
    }  # fmt: skip
    version = re.fullmatch(r"python-(3\.\d+)\n", (root / "binder" / "runtime.txt").read_text())[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version in SpecifierSet(project["requires-python"])
    lines = (root / "binder" / "requirements.txt").read_text().splitlines()
    assert "-r ../requirements.txt" in lines and any("whl/cpu" in line for line in lines)
    for name in ("postBuild", "start"):
        assert (root / "binder" / name).read_text().startswith("#!/bin/bash\n")
        if os.name == "posix":
            assert os.access(root / "binder" / name, os.X_OK)


BASH = shutil.which("bash")
SLURM = {
    "SLURM_JOB_ID": "40007", "SLURM_JOB_NUM_NODES": "2", "SLURM_JOB_NODELIST": "n[1-2]", "SLURM_CPUS_PER_TASK": "8",
}  # fmt: skip


def sbatch(root, tmp_path, *arguments, **more):
    """Run the script as Slurm would, with stand-ins for its programs; return the environment's threads and the call."""
    for name, text in (("srun", 'echo "$OMP_NUM_THREADS|$*"'), ("scontrol", "printf 'n1\\nn2\\n'")):
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    environment = {**SLURM, **more, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    command = [BASH, str(root / "book" / "scripts" / "several_nodes.sbatch"), *arguments]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    threads, _, call = said.strip().partition("|")
    return int(threads), call.split()


@pytest.mark.skipif(os.name != "posix" or not BASH, reason="Slurm's scripts are for bash")
def test_the_slurm_script_starts_one_torchrun_a_node_and_one_process_a_gpu(root, tmp_path):
    threads, call = sbatch(root, tmp_path, "0503", "--seeds", "5", SLURM_GPUS_ON_NODE="4")
    assert threads == 2
    assert call[-6:] == ["-m", "cnnlib", "run", "0503", "--seeds", "5"]
    assert call[:4] == ["--kill-on-bad-exit=1", "torchrun", "--nnodes=2", "--nproc_per_node=4"]
    assert {"--rdzv_id=40007", "--rdzv_backend=c10d", "--rdzv_endpoint=n1:20007"} < set(call)
    threads, call = sbatch(root, tmp_path, "0501", PER_NODE="16")
    assert threads == 1 and "--nproc_per_node=16" in call
    assert "--nproc_per_node=1" in sbatch(root, tmp_path, "0501")[1]


def test_the_package_runs_as_a_program(root):
    done = subprocess.run([sys.executable, "-m", "cnnlib", "run", "0500"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 2 and "0500" in done.stderr and "Traceback" not in done.stderr
