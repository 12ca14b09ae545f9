-- Tells of pots that hold something else than before: events of an aggregate of its own for each pot, since a figure
-- that is derived raises nobody's version. `cause` is the change behind it, for who did it. Answers the book's number.
CREATE OR REPLACE FUNCTION tell_pots(book uuid, turned uuid[], cause jsonb) RETURNS bigint LANGUAGE sql AS $$
    SELECT append_events(book, jsonb_agg(jsonb_build_object(
        'id', new_id(), 'type', 'pot.balance_changed', 'schema_version', 1,
        'aggregate_type', 'pot_balance', 'aggregate_id', p.balance_id,
        'aggregate_version', 1 + coalesce((SELECT max(e.aggregate_version) FROM event e
                                           WHERE e.stream_id = book AND e.aggregate_id = p.balance_id), 0),
        'actor', cause -> 'actor', 'trace', cause -> 'trace',
        'data', jsonb_build_object('pot_id', p.id, 'account_id', p.account_id,
            'currency', p.currency, 'balance_minor', p.balance_minor, 'account_paid_minor', p.account_paid_minor)
    ) ORDER BY p.id))
    FROM pot p WHERE p.book_id = book AND p.id = ANY (turned);
$$
