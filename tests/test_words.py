"""Each Chinese term of a chapter is in the glossary, each letter of its formulas on the notation page."""

import re

import nbformat
import pytest

# Chinese words beside which no definition is needed: ordinary words, a quotation, and names of programs' parts.
ORDINARY = {
    "如何使用已经保存了的神经网络", "固定置换", "测试准确率", "四层网络", "网络", "检测器",
    "代码检查工具", "内核", "向下取整", "单调", "通道数",
}  # fmt: skip
PARENTHESIS = re.compile(r"[(（]([^()（）]*[\u4e00-\u9fff][^()（）]*)[)）]")
TERM = re.compile(r"[\u4e00-\u9fffA-Za-z0-9×-]*(?:[ ]?[\u4e00-\u9fff])+[\u4e00-\u9fffA-Za-z0-9×-]*")
GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu",
    "xi", "pi", "rho", "sigma", "tau", "phi", "varphi", "chi", "psi", "omega", "Delta", "Sigma", "nabla",
    "partial", "odot",
}  # fmt: skip


def chapters(root):
    return sorted((root / "chapters").glob("*.ipynb"))


def prose(path):
    """Return the Markdown cells of a notebook without code, one paragraph a line."""
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    text = re.sub(r"```.*?```|`[^`\n]*`", " ", "\n\n".join(cells), flags=re.DOTALL)
    return re.sub(r"(?<=\S)\n(?=\S)", " ", text)


def glossary(root):
    """Return every term line of the glossary."""
    text = (root / "book" / "glossary.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\{glossary\}\n(.*?)```", text, re.DOTALL)
    return {line for block in blocks for line in block.splitlines() if line and not line.startswith(" ")}


def chinese(text):
    """Return the Chinese terms that stand in parentheses."""
    return {term.strip() for inside in PARENTHESIS.findall(text) for term in TERM.findall(inside)}


def letters(text):
    """Return the letters of all formulas of a text: Latin ones, and Greek ones by their TeX name."""
    found = set()
    for display, inline in re.findall(r"\$\$(.*?)\$\$|\$([^$]+?)\$", text, re.DOTALL):
        formula = re.sub(r"\\(?:text|mathrm|mathsf|operatorname|begin|end)\s*\{[^{}]*\}", " ", display or inline)
        found |= {f"\\{name}" for name in re.findall(r"\\([A-Za-z]+)", formula) if name in GREEK}
        found |= set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", formula)))
    return found


@pytest.mark.parametrize("number", range(20))
def test_every_chinese_term_of_a_chapter_is_in_the_glossary(root, number):
    path = chapters(root)[number]
    terms = chinese(prose(path))
    assert terms, path.name
    assert terms - glossary(root) - ORDINARY == set(), path.name


def test_no_ordinary_word_is_one_the_chapters_no_longer_use(root):
    used = set().union(*(chinese(prose(path)) for path in chapters(root)))
    assert ORDINARY - used == set()


@pytest.mark.parametrize("number", range(20))
def test_every_letter_of_a_chapters_formulas_is_on_the_notation_page(root, number):
    path = chapters(root)[number]
    known = letters((root / "book" / "notation.md").read_text(encoding="utf-8"))
    assert letters(prose(path)) - known == set(), path.name


def test_there_are_as_many_chapters_as_these_tests_look_at(root):
    assert len(chapters(root)) == 20


def test_the_reader_of_words_sees_what_these_tests_rest_on():
    assert chinese("a kernel (卷积核) and L2 pooling (L2 池化), 通道 without") == {"卷积核", "L2 池化"}
    assert letters(r"a $x_\text{in}$ and $$\eta \cdot \mathrm{max}(k)$$") == {"x", r"\eta", "k"}
