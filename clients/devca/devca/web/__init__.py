"""devca's HTTP endpoints, one file per group."""
