-- Locks the stream's head, numbers the events, adds them to the log and to what the relay has to send.
-- Answers with the last number. An element is {id, type, schema_version, aggregate_type, aggregate_id,
-- aggregate_version, data} and, where known, {actor, trace, mode, occurred_at}.
-- Called first in a write, it is also that write's lock.
CREATE FUNCTION append_events(stream uuid, events jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    amount int := jsonb_array_length(events);
    last bigint;
BEGIN
    PERFORM set_config('lock_timeout', '4s', true);
    INSERT INTO stream_head AS head (stream_id, sequence) VALUES (stream, amount)
    ON CONFLICT (stream_id) DO UPDATE SET sequence = head.sequence + amount
    RETURNING head.sequence INTO last;

    WITH added AS (
        INSERT INTO event (stream_id, sequence, id, type, schema_version, aggregate_type, aggregate_id,
                           aggregate_version, actor, trace, mode, occurred_at, data)
        SELECT stream, last - amount + position, (e ->> 'id')::uuid, e ->> 'type', (e ->> 'schema_version')::int,
               e ->> 'aggregate_type', (e ->> 'aggregate_id')::uuid, (e ->> 'aggregate_version')::bigint,
               (e ->> 'actor')::uuid, coalesce(e -> 'trace', '{}'), coalesce(e ->> 'mode', 'live'),
               coalesce((e ->> 'occurred_at')::timestamptz, now()), e -> 'data'
        FROM jsonb_array_elements(events) WITH ORDINALITY AS list (e, position)
        RETURNING event.occurred_at, event.sequence
    )
    INSERT INTO unsent (occurred_at, stream_id, sequence)
    SELECT added.occurred_at, stream, added.sequence FROM added;
    RETURN last;
END
$$
