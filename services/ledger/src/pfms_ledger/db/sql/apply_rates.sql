-- Rows of exchange rates from their events' data.
CREATE OR REPLACE FUNCTION apply_rates(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO rate (book_id, id, base, quote, date, rate, source, version)
    SELECT book, d.id, d.base, d.quote, d.date, d.rate, d.source, (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, base text, quote text, date date, rate text, source text)
    WHERE c ->> 'type' = 'rate.set'
    ON CONFLICT (book_id, id) DO UPDATE SET
        rate = excluded.rate, source = excluded.source, version = excluded.version;
    DELETE FROM rate
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c WHERE c ->> 'type' = 'rate.deleted'));
$$
