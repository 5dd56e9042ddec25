"""devca: a development certification authority. Nothing it issues can pass for real."""
