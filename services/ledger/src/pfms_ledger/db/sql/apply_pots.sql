-- Rows of pots from their events' data. What is in them is not touched: fill_pots keeps it.
CREATE OR REPLACE FUNCTION apply_pots(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO pot (book_id, id, account_id, name, currency, is_active, note, colour, icon, position, balance_id, version)
    SELECT book, d.id, d.account_id, d.name, d.currency, d.is_active, d.note, d.colour, d.icon, d.position,
           (c ->> 'derived')::uuid, (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, account_id uuid, name text, currency text, is_active boolean,
             note text, colour text, icon text, position int)
    WHERE c ->> 'aggregate_type' = 'pot' AND c ->> 'type' <> 'pot.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET
        name = excluded.name, is_active = excluded.is_active, note = excluded.note, colour = excluded.colour,
        icon = excluded.icon, position = excluded.position, version = excluded.version;
    DELETE FROM pot
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c WHERE c ->> 'type' = 'pot.deleted'));
$$
