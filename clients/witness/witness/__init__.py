"""A witness for a C2SP tlog-tiles log: cosigns what is consistent, keeps proof of what is not."""
