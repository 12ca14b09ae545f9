-- Rows of income sources from their events' data.
CREATE OR REPLACE FUNCTION apply_income_sources(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO income_source (book_id, id, name, type, amount_minor, currency, frequency, is_active, note, version)
    SELECT book, d.id, d.name, d.type, d.amount_minor, d.currency, d.frequency, d.is_active, d.note,
           (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, name text, type text, amount_minor bigint, currency text,
             frequency text, is_active boolean, note text)
    WHERE c ->> 'aggregate_type' = 'income_source' AND c ->> 'type' <> 'income_source.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET
        name = excluded.name, type = excluded.type, amount_minor = excluded.amount_minor,
        currency = excluded.currency, frequency = excluded.frequency, is_active = excluded.is_active,
        note = excluded.note, version = excluded.version;
    DELETE FROM income_source
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c
        WHERE c ->> 'type' = 'income_source.deleted'));
$$
