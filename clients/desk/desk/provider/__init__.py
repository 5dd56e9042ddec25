"""The identity provider, as a FAPI 2.0 client sees it. Pure of Flask."""
