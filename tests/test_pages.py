"""Text that code writes onto a page."""

from cnnlib import pages, train


def test_a_listing_is_the_code_that_runs_without_its_docstring(monkeypatch):
    shown = []
    monkeypatch.setattr(pages, "display", shown.append)
    pages.listing(train.fit)
    text = shown[0].data
    assert text.startswith("```python\ndef fit(")
    assert ".backward()" in text
    assert "Parameters" not in text
    assert max(len(line) for line in text.splitlines()) < 120
