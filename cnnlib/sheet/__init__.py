"""The cheat sheet: formulas with computed examples, and every network of the book, for its page and for printing."""

from cnnlib.sheet.nets import COLUMNS, Net, nets
from cnnlib.sheet.rules import Rule, rules
from cnnlib.sheet.tables import as_markdown, nets_table, rules_table, sections

__all__ = ["COLUMNS", "Net", "Rule", "as_markdown", "nets", "nets_table", "rules", "rules_table", "sections"]
