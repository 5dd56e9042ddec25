"""The desk: where officials and clerks initial, sign and issue. A program of its own: HTTP only."""
