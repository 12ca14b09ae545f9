-- Locks the stream's head, numbers the events, adds them to the log and to what the relay has to send.
-- Answers with the last number. An element is {id, type, schema_version, aggregate_type, aggregate_id,
-- aggregate_version, data} and, where known, {actor, trace, mode, occurred_at}; the first one's occurred_at is for all.
-- Called first in a write, it is also that write's lock. The time is taken when the lock is held (the transaction may
-- have begun before the one it waited for), and never before the stream's last: a clock that is put back stands still.
CREATE OR REPLACE FUNCTION append_events(stream uuid, events jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    amount int := jsonb_array_length(events);
    given timestamptz := events -> 0 ->> 'occurred_at';
    last bigint;
    dated timestamptz;
BEGIN
    PERFORM set_config('lock_timeout', '4s', true);
    INSERT INTO stream_head AS head (stream_id, sequence, last_at)
    VALUES (stream, amount, coalesce(given, clock_timestamp()))
    ON CONFLICT (stream_id) DO UPDATE
        SET sequence = head.sequence + amount, last_at = greatest(head.last_at, coalesce(given, clock_timestamp()))
    RETURNING head.sequence, head.last_at INTO last, dated;

    INSERT INTO event (stream_id, sequence, id, type, schema_version, aggregate_type, aggregate_id,
                       aggregate_version, actor, trace, mode, occurred_at, data)
    SELECT stream, last - amount + position, (e ->> 'id')::uuid, e ->> 'type', (e ->> 'schema_version')::int,
           e ->> 'aggregate_type', (e ->> 'aggregate_id')::uuid, (e ->> 'aggregate_version')::bigint,
           (e ->> 'actor')::uuid, coalesce(e -> 'trace', '{}'), coalesce(e ->> 'mode', 'live'), dated, e -> 'data'
    FROM jsonb_array_elements(events) WITH ORDINALITY AS list (e, position);
    INSERT INTO unsent (occurred_at, stream_id, sequence)
    SELECT dated, stream, number FROM generate_series(last - amount + 1, last) AS number;
    RETURN last;
END
$$
