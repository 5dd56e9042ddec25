"""One file per act, its steps numbered in their order."""
