"""A program: unwrap every wrapped key on the token that HSM_* name, sign with it, verify. Prints how many."""

from hsm.acts.rotate_kek import check_key
from hsm.algorithms import SignatureAlgorithm
from hsm.app import token_settings
from hsm.database import Database
from hsm.settings import Settings
from hsm.store import find_credentials
from hsm.token.token import Token, WrappedKeyRef

settings = Settings.from_environment()
database = Database(settings.database_url)
token = Token.open(token_settings(settings))
tried = 0
with database.reading() as connection:
    for stored in find_credentials(connection):
        if stored.wrapped_key and stored.kek_label:
            ref = WrappedKeyRef(stored.kek_label, stored.wrapped_key)
            check_key(token, ref, SignatureAlgorithm(stored.algorithm), stored.spki)
            tried += 1
token.close()
database.close()
print(tried)
