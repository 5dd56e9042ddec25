"""The Cloud Signature Consortium's API, v1.0.4 and v2, from one core: one file per group of methods."""
