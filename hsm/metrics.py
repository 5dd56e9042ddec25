"""What the key process counts, for Prometheus."""

from prometheus_client import Counter, Gauge

ACTS = Counter(
    "hsm_acts_total", "Calls over the trust line, by act and what became of it.", ["act", "result"]
)
TOKEN_HEALTHY = Gauge("hsm_token_healthy", "1 when the token's canary signed at the last look.")
SESSIONS_IN_USE = Gauge("hsm_token_sessions_in_use", "PKCS#11 sessions at work.")
JOURNAL_SIZE = Gauge("hsm_journal_size", "Leaves in the journal.")
