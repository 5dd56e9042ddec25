"""A program: a ceremony that makes a KEK current and lays every key down; nobody adopts them yet."""

import sys
from pathlib import Path

from hsm import keks, rotation
from hsm.ceremony import open_vault, read_ceremony
from hsm.database import Database

file, label = read_ceremony(Path(sys.argv[1])), sys.argv[2]
rotation._make(file, label)
database = Database(file.store.database_url)
with database.writing() as connection:
    assert keks.retire_kek(connection, keks.current_kek(connection), label, 1)
    keks.add_kek(connection, label, 1)
vault = open_vault(file)
assert rotation._lay_down_some(database, vault, label, {})
vault.close()
database.close()
