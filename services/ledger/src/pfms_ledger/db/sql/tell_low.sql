-- Turns `is_low` of these accounts, and tells of those that are low now: once for each time that a balance falls below
-- its limit, by events of an aggregate of its own, since a figure that is derived raises nobody's version. `cause` is
-- the change behind it, for who did it. Answers the book's number, NULL where there is nothing to tell.
CREATE OR REPLACE FUNCTION tell_low(book uuid, turned uuid[], cause jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    events jsonb;
BEGIN
    WITH changed AS (
        UPDATE account SET is_low = NOT is_low WHERE book_id = book AND id = ANY (turned) RETURNING *
    )
    SELECT jsonb_agg(jsonb_build_object(
        'id', new_id(), 'type', 'balance.low', 'schema_version', 1,
        'aggregate_type', 'balance_low', 'aggregate_id', a.low_id,
        'aggregate_version', 1 + coalesce((SELECT max(e.aggregate_version) FROM event e
                                           WHERE e.stream_id = book AND e.aggregate_id = a.low_id), 0),
        'actor', cause -> 'actor', 'trace', cause -> 'trace',
        'data', jsonb_build_object('account_id', a.id, 'currency', a.currency,
            'balance_minor', a.balance_minor, 'low_balance_minor', a.low_balance_minor)
    ) ORDER BY a.id) INTO events
    FROM changed a WHERE a.is_low;
    RETURN CASE WHEN events IS NOT NULL THEN append_events(book, events) END;
END
$$
