"""Reads the plain templates, and resolves what their parameters decide."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "deploy"))

from template import read, resolve

__all__ = ["defaults", "read", "resolve"]


def defaults(template):
    """The default values of parameters."""
    return {name: entry.get("Default") for name, entry in template["Parameters"].items()}
