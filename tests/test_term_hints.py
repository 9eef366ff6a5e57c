"""Which words of a chapter are taken for a term of the glossary."""

import pytest
from docutils import nodes
from term_hints import Entry, Terms, chinese_behind, is_meant

KERNEL = Entry(("kernel", "卷积核"), "term-kernel", nodes.definition())
NORM = Entry(("normalization layer", "归一化层"), "term-norm", nodes.definition())
MAX = Entry(("max pooling", "最大池化"), "term-max", nodes.definition())
POOL = Entry(("pooling", "池化"), "term-pooling", nodes.definition())
ADAM = Entry(("Adam",), "term-adam", nodes.definition())
TERMS = Terms([KERNEL, NORM, MAX, POOL, ADAM])


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Two kernels", KERNEL),
        ("a Normalisation layer", NORM),
        ("Max pooling", MAX),
        ("the pooling", POOL),
        ("with Adam", ADAM),
        ("adam was the first", None),
        ("spooling", None),
        ("sub-pooling", None),
    ],
)
def test_the_longest_term_is_found_in_any_number_and_spelling(text, entry):
    assert [found for *_, found, _ in TERMS.find(text)] == ([entry] if entry else [])


def test_chinese_is_seen_behind_emphasis():
    plain = nodes.Text("a kernel (卷积核) and")
    strong = nodes.strong("", "kernel")
    nodes.paragraph("", "", strong, nodes.Text(" (卷积核)"))
    nodes.paragraph("", "", plain)
    assert chinese_behind(plain, len("a kernel")) == chinese_behind(strong[0], len("kernel")) == "卷积核"
    assert chinese_behind(plain, 1) == ""


def test_an_everyday_word_is_a_term_only_with_its_own_chinese():
    assert is_meant(KERNEL, "kernel", "卷积核")
    assert not is_meant(KERNEL, "kernel", "内核")  # that of Jupyter
    assert not is_meant(KERNEL, "kernel", "")
    assert is_meant(POOL, "pooling", "")
