"""What the key process counts, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

ACTS = Counter(
    "hsm_acts_total", "Calls over the trust line, by act and what became of it.", ["act", "result"]
)
TOKEN_HEALTHY = Gauge("hsm_token_healthy", "1 when the token's canary signed at the last look.")
SESSIONS_IN_USE = Gauge("hsm_token_sessions_in_use", "PKCS#11 sessions at work.")
JOURNAL_SIZE = Gauge("hsm_journal_size", "Leaves in the journal.")
PUBLISHED_SIZE = Gauge("hsm_journal_published_size", "Leaves in the published checkpoint.")
PUBLISH_SECONDS = Histogram(
    "hsm_journal_publish_seconds",
    "Time to publish tiles and a checkpoint.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
ANCHORED_SIZE = Gauge("hsm_journal_anchored_size", "Leaves in the last time-stamped checkpoint.")
ANCHORED_AT = Gauge("hsm_journal_anchored_timestamp_seconds", "Time of the last time-stamp.")
TASK_FAILURES = Counter(
    "hsm_task_failures_total", "Failures of what the key process does by itself, by task.", ["task"]
)
SIEM_EVENTS = Counter("hsm_siem_events_total", "Security events, by destination and fate.", ["to", "result"])
CERTIFICATES_EXPIRING = Gauge(
    "hsm_certificates_expiring",
    "Certificates of usable credentials that expire within so many days; 0: have expired.",
    ["days"],
)
KEYS_REWRAPPED = Counter(
    "hsm_keys_rewrapped_total", "Keys that were wrapped anew, by what became of them.", ["result"]
)
