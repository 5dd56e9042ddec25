"""PKCS#11, and nothing outside this package knows it.

``token.Token`` is what the key process calls. Below it, one file an act: ``recovery`` (a fault is a
new generation or an answer), ``sessions`` (one login, a bounded pool), ``keys`` (make, find, destroy),
``signing`` (use), ``sealing`` (short secrets), ``faults`` (what a return code means), ``module`` (load,
initialise, finalise once a process), ``cryptoki`` (the calls that must not go through a wrapper),
``vendors`` (differences as data).
"""
