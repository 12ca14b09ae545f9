-- The row of a book's settings from its events' data.
CREATE OR REPLACE FUNCTION apply_settings(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ledger_settings (book_id, default_account_id, shares, version)
    SELECT DISTINCT ON (c ->> 'aggregate_id') book, (c -> 'data' ->> 'default_account_id')::uuid,
           coalesce(c -> 'data' ->> 'shares', 'mine'), (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c WHERE c ->> 'type' = 'ledger_settings.updated'
    ORDER BY c ->> 'aggregate_id', (c ->> 'aggregate_version')::bigint DESC
    ON CONFLICT (book_id) DO UPDATE SET
        default_account_id = excluded.default_account_id, shares = excluded.shares, version = excluded.version;
    DELETE FROM ledger_settings
    WHERE book_id = book AND EXISTS (SELECT FROM jsonb_array_elements(changes) AS c
                                     WHERE c ->> 'type' = 'ledger_settings.deleted');
$$
