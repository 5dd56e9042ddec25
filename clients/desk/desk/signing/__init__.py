"""The signing service, as a client of its HTTP API sees it. Pure of Flask."""
