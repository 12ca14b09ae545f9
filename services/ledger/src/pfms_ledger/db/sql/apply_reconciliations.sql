-- Rows of reconciliations from their events' data, with what is ticked in them.
CREATE OR REPLACE FUNCTION apply_reconciliations(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO reconciliation (book_id, id, account_id, currency, status, statement_date, statement_balance_minor,
                                adjustment_transaction_id, started_by, started_at, finished_by, finished_at, version)
    SELECT book, d.id, d.account_id, d.currency, d.status, d.statement_date, d.statement_balance_minor,
           d.adjustment_transaction_id, d.started_by, d.started_at, d.finished_by, d.finished_at,
           (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, account_id uuid, currency text, status text, statement_date date,
             statement_balance_minor bigint, adjustment_transaction_id uuid, started_by uuid, started_at timestamptz,
             finished_by uuid, finished_at timestamptz)
    WHERE c ->> 'aggregate_type' = 'reconciliation' AND c ->> 'type' <> 'reconciliation.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET
        status = excluded.status, statement_date = excluded.statement_date,
        statement_balance_minor = excluded.statement_balance_minor,
        adjustment_transaction_id = excluded.adjustment_transaction_id, finished_by = excluded.finished_by,
        finished_at = excluded.finished_at, version = excluded.version;
    DELETE FROM reconciliation_tick
    WHERE book_id = book AND reconciliation_id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c
        WHERE c ->> 'aggregate_type' = 'reconciliation'));
    INSERT INTO reconciliation_tick (book_id, reconciliation_id, transaction_id)
    SELECT book, (c ->> 'aggregate_id')::uuid, ticked::uuid
    FROM jsonb_array_elements(changes) AS c, jsonb_array_elements_text(c -> 'data' -> 'ticked') AS ticked
    WHERE c ->> 'aggregate_type' = 'reconciliation' AND c ->> 'type' <> 'reconciliation.deleted';
    DELETE FROM reconciliation
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c
        WHERE c ->> 'type' = 'reconciliation.deleted'));
$$
