"""``python -m antin``."""

from antin.command.app import main

main()
