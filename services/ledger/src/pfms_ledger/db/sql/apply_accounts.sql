-- Rows of accounts from their events' data. `balance_minor` is not touched: apply_entries keeps it.
CREATE FUNCTION apply_accounts(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO account (book_id, id, name, type, currency, opening_balance_minor, opened_on, on_budget, is_active,
                         institution, last_four, note, colour, position, version)
    SELECT book, d.id, d.name, d.type, d.currency, d.opening_balance_minor, d.opened_on, d.on_budget, d.is_active,
           d.institution, d.last_four, d.note, d.colour, d.position, (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, name text, type text, currency text, opening_balance_minor bigint,
             opened_on date, on_budget boolean, is_active boolean, institution text, last_four text, note text,
             colour text, position int)
    WHERE c ->> 'aggregate_type' = 'account' AND c ->> 'type' <> 'account.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET
        name = excluded.name, type = excluded.type, opening_balance_minor = excluded.opening_balance_minor,
        opened_on = excluded.opened_on, on_budget = excluded.on_budget, is_active = excluded.is_active,
        institution = excluded.institution, last_four = excluded.last_four, note = excluded.note,
        colour = excluded.colour, position = excluded.position, version = excluded.version;
$$
