-- Rows of payees from their events' data. What is deleted is listed once: joined, each payee of the book would be
-- held against each change.
CREATE OR REPLACE FUNCTION apply_payees(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO payee (book_id, id, name, name_folded, is_active, note, version, searched, aliases)
    SELECT book, d.id, d.name, c ->> 'folded', d.is_active, d.note, (c ->> 'aggregate_version')::bigint,
           c ->> 'searched', ARRAY(SELECT jsonb_array_elements_text(coalesce(c -> 'data' -> 'aliases', '[]')))
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, name text, is_active boolean, note text)
    WHERE c ->> 'aggregate_type' = 'payee' AND c ->> 'type' <> 'payee.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET
        name = excluded.name, name_folded = excluded.name_folded, is_active = excluded.is_active,
        note = excluded.note, version = excluded.version, searched = excluded.searched,
        aliases = excluded.aliases;
    DELETE FROM payee
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c WHERE c ->> 'type' = 'payee.deleted'));
$$
