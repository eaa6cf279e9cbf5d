"""The tools that run a class: hand out, roster, collect, grade, report. Notebooks never import this package."""
