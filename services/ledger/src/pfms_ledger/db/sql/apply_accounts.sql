-- Rows of accounts from their events' data. Balances and `is_low` are not touched: apply_entries and append keep them.
CREATE OR REPLACE FUNCTION apply_accounts(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO account (book_id, id, name, type, currency, opening_balance_minor, opened_on, on_budget, is_active,
                         institution, last_four, note, colour, position, low_balance_minor, credit_limit_minor,
                         statement_day, due_day, minimum_payment_minor, credit_overspend, version, low_id)
    SELECT book, d.id, d.name, d.type, d.currency, d.opening_balance_minor, d.opened_on, d.on_budget, d.is_active,
           d.institution, d.last_four, d.note, d.colour, d.position, d.low_balance_minor, d.credit_limit_minor,
           d.statement_day, d.due_day, d.minimum_payment_minor,
           coalesce(d.credit_overspend, CASE WHEN d.type = 'credit' THEN 'liability' END), (c ->> 'aggregate_version')::bigint,
           (c ->> 'derived')::uuid
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, name text, type text, currency text, opening_balance_minor bigint,
             opened_on date, on_budget boolean, is_active boolean, institution text, last_four text, note text,
             colour text, position int, low_balance_minor bigint, credit_limit_minor bigint, statement_day int,
             due_day int, minimum_payment_minor bigint, credit_overspend text)
    WHERE c ->> 'aggregate_type' = 'account' AND c ->> 'type' <> 'account.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET
        name = excluded.name, type = excluded.type, opening_balance_minor = excluded.opening_balance_minor,
        opened_on = excluded.opened_on, on_budget = excluded.on_budget, is_active = excluded.is_active,
        institution = excluded.institution, last_four = excluded.last_four, note = excluded.note,
        colour = excluded.colour, position = excluded.position,
        low_balance_minor = excluded.low_balance_minor, credit_limit_minor = excluded.credit_limit_minor,
        statement_day = excluded.statement_day, due_day = excluded.due_day,
        minimum_payment_minor = excluded.minimum_payment_minor, credit_overspend = excluded.credit_overspend,
        version = excluded.version, low_id = excluded.low_id,
        is_low = account.is_low AND excluded.low_id IS NOT NULL;
$$
