"""The project's shape: what README.md promises exists, the lock fits the bounds, and each module stays on its floor."""

import ast
import importlib.util
import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

# From the ground up. A module may import from lower floors and from its own package, and from nothing else of cnnlib.
FLOORS = [
    {"errors"},
    {"arithmetic", "circumstances", "devices"},
    {"data", "models"},
    {"inspect", "train"},
    {"results"},
    {"experiments", "results_table"},
    {"check", "pages", "plot", "sheet"},
    {"widgets", "bench"},
    {"classroom"},
    {"cli"},
    {"__main__"},
]
GUIDES = ("README.md", "CONTRIBUTING.md", "book/how_to_use.md", "book/teaching.md", "book/hosting.md")


def test_the_top_level_has_its_shape(root):
    folders = ("book", "chapters", "cnnlib", "results", "tests", "tools")
    files = ("_config.yml", "_toc.yml", "requirements.txt", "pyproject.toml", "Makefile", "README.md", "LICENSE")
    assert [name for name in folders if not (root / name).is_dir()] == []
    assert [name for name in files if not (root / name).is_file()] == []


def test_the_title_is_the_same_everywhere(root):
    title = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["title"]
    for page in ("README.md", "book/index.md"):
        lines = (root / page).read_text(encoding="utf-8").splitlines()
        assert next(line for line in lines if line.startswith("# ")) == f"# {title}"


def pins(root):
    """Return the lines of requirements.txt, parsed."""
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


def test_the_lock_pins_exact_versions_from_the_index(root):
    # Requirement refuses options and paths, such as the index lines and local files of one machine.
    assert len(pins(root)) > 100
    assert [str(pin) for pin in pins(root) if pin.url or not re.fullmatch(r"==[^*]+", str(pin.specifier))] == []


def test_the_lock_leaves_the_gpu_libraries_to_torch(root):
    assert [pin.name for pin in pins(root) if re.match("nvidia|cuda|triton", pin.name)] == []


def test_the_lock_fits_the_bounds(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = [
        *project["dependencies"],
        *project["optional-dependencies"]["book"],
        *project["optional-dependencies"]["test"],
    ]
    for bound in map(Requirement, bounds):
        versions = [str(pin.specifier).removeprefix("==") for pin in pins(root) if pin.name == bound.name]
        assert versions, f"{bound.name} is not in requirements.txt: run make lock"
        assert all(version in bound.specifier for version in versions), f"{bound} but {versions}: run make lock"


def commands(root):
    """Return every command that the guides print: the lines of plain code blocks, and code within a line."""
    found = set()
    for guide in GUIDES:
        text = (root / guide).read_text(encoding="utf-8")
        blocks = re.findall(r"^```\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
        found |= {line.strip() for block in blocks for line in block.splitlines()}
        found |= set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)))
    return {command.replace("\\", "/").replace("/Scripts/", "/bin/") for command in found}


def test_every_make_command_in_the_guides_has_its_rule(root):
    rules = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = {command.split()[1] for command in commands(root) if command.startswith("make ")}
    assert {"book", "test", "serve", "lock"} <= named
    assert named - rules == set()


def test_every_python_command_in_the_guides_exists(root):
    modules, scripts = set(), set()
    for command in commands(root):
        if match := re.match(r"(?:py|\.venv/bin/python) -m (\w+)", command):
            modules.add(match[1])
        elif match := re.match(r"\.venv/bin/python (\S+)", command):
            scripts.add(match[1])
    assert {"pytest", "ruff", "jupyter"} <= modules and {"tools/build_book.py", "tools/notebooks.py"} <= scripts
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    assert [name for name in scripts if not (root / name).is_file()] == []


def test_every_cnnlib_command_in_the_guides_is_understood(root):
    from cnnlib.cli import _parser

    named = [command.split()[1:] for command in commands(root) if command.startswith(".venv/bin/cnnlib ")]
    assert len(named) >= 3
    for arguments in named:
        _parser().parse_args(arguments)  # ends the test where it does not understand


def test_no_file_names_a_place_on_one_machine(root):
    foreign = re.compile("|".join(("/wo" + "rk/", r"\.\./sha" + "red", "/tm" + "p/", "/Use" + "rs/")))
    paths = list(root.glob("*.*"))
    for folder in ("book", "chapters", "cnnlib", "results", "tests", "tools", ".ci", ".github"):
        paths += (root / folder).rglob("*")
    texts = [path for path in paths if path.is_file() and path.suffix not in {".gz", ".npz", ".png", ".pt", ".pyc"}]
    assert len(texts) > 50
    assert [str(path) for path in texts if foreign.search(path.read_text(encoding="utf-8", errors="replace"))] == []


def modules(root):
    """Return the modules of cnnlib by their dotted name below it, without cnnlib itself."""
    paths = sorted((root / "cnnlib").rglob("*.py"))
    names = {path.relative_to(root / "cnnlib").with_suffix("").as_posix().replace("/", "."): path for path in paths}
    return {name.removesuffix(".__init__"): path for name, path in names.items() if name != "__init__"}


def imports(path):
    """Return the top-level parts of cnnlib that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[1] for name in node.names if name.name.startswith("cnnlib."))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively, which hides the floor it imports from"
            if node.module == "cnnlib":
                yield from (name.name for name in node.names)
            elif node.module.startswith("cnnlib."):
                yield node.module.split(".")[1]


def test_every_module_has_its_floor(root):
    assert {name.split(".")[0] for name in modules(root)} <= set().union(*FLOORS)


def test_each_floor_imports_only_floors_below(root):
    floor = {part: number for number, parts in enumerate(FLOORS) for part in parts}
    upward = []
    for name, path in modules(root).items():
        own = name.split(".")[0]
        upward += [f"{name} imports {part}" for part in imports(path) if part != own and floor[part] >= floor[own]]
    assert upward == []


def test_names_are_not_imported_wholesale(root):
    star = re.compile(r"^\s*from \S+ import \*", re.MULTILINE)
    assert [name for name, path in modules(root).items() if star.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("name", GUIDES)
def test_links_within_the_project_lead_somewhere(root, name):
    guide = root / name
    links = re.findall(r"\]\(([^)#]+)\)", guide.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (guide.parent / link).exists()] == []
