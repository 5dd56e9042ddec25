"""A provider for the tests of relying parties: the real app on a laptop, with keys in memory and MẪU people.

Never for real people: it listens on the loopback interface alone, and refuses any other issuer.
"""
