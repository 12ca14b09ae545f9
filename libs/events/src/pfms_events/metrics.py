"""What operators watch: is the outbox emptying, do consumers keep up, what is parked."""

from prometheus_client import Counter, Gauge

PUBLISHED = Counter("pfms_events_published_total", "Events held for good by the transport", ["source"])
STRUCK_OFF = Counter("pfms_events_struck_off_total", "Events of types that no queue takes", ["source"])
UNSENT = Gauge("pfms_events_unsent", "Events not yet published, counted up to 100,000", ["source"])
OUTBOX_AGE = Gauge("pfms_events_outbox_age_seconds", "Age of the oldest unsent event", ["source"])
UNROUTABLE = Gauge("pfms_events_unroutable_types", "Types held back because no queue took them", ["source"])
LEADER = Gauge("pfms_events_relay_leader", "1 where this process leads the relay", ["source"])

APPLIED = Counter("pfms_events_applied_total", "Events dealt with", ["consumer"])
LAG = Gauge(
    "pfms_events_lag_seconds", "From occurring to committed, of the newest event of a list", ["consumer"]
)
RETRIED = Counter("pfms_events_retried_total", "Events put off by a transient failure", ["consumer"])
PARKED = Counter("pfms_events_parked_total", "Events parked by a permanent failure", ["consumer"])
WAITING = Gauge("pfms_events_waiting", "Events in the retry table, by state", ["consumer", "state"])
FILLED = Counter("pfms_events_filled_total", "Events that had to be taken from the feed", ["consumer"])
REJECTED = Counter("pfms_events_rejected_total", "Bodies that nobody can read", ["consumer"])
