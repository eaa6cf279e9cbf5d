"""The drawings of the lectures, one module a unit: they get what a cell has computed, and show it with alt text."""
