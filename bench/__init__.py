"""How fast PFMS is, as ratios to floors measured in the same run: `make bench`, `python -m bench s2 s5 --quick`."""
