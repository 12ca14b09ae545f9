-- What became of occurrences of plans, from their events' data. Those of a plan that is gone went with it.
CREATE OR REPLACE FUNCTION apply_occurrences(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO plan_occurrence (book_id, plan_id, nominal_date, state, date, amount_minor, transaction_id, version)
    SELECT book, d.plan_id, d.nominal_date, split_part(c ->> 'type', '.', 2), d.date, d.amount_minor,
           d.transaction_id, (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (plan_id uuid, nominal_date date, date date, amount_minor bigint,
             transaction_id uuid)
    WHERE c ->> 'aggregate_type' = 'recurring'
      AND EXISTS (SELECT FROM plan p WHERE p.book_id = book AND p.id = d.plan_id)
    ON CONFLICT (book_id, plan_id, nominal_date) DO UPDATE SET
        state = excluded.state, date = excluded.date, amount_minor = excluded.amount_minor,
        transaction_id = excluded.transaction_id, version = excluded.version;
$$
