"""The contract language: grammar, frozen syntax tree, type check, and the evaluation of deadlines."""

from .errors import ExpressionError
from .parser import parse_bindings, parse_deadline, parse_expression, parse_range
from .syntax import Binding, Expr, Range

__all__ = [
    "Binding",
    "Expr",
    "ExpressionError",
    "Range",
    "parse_bindings",
    "parse_deadline",
    "parse_expression",
    "parse_range",
]
