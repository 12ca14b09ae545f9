-- Rows of categories from their events' data; parents stand before their children in a list.
CREATE OR REPLACE FUNCTION apply_categories(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO category (book_id, id, parent_id, name, name_folded, type, key, spending_class, is_essential,
                          is_archived, colour, icon, note, position, kind, version)
    SELECT book, d.id, d.parent_id, d.name, c ->> 'folded', d.type, d.key, d.spending_class, d.is_essential,
           d.is_archived, d.colour, d.icon, d.note, d.position, d.kind, (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, parent_id uuid, name text, type text, key text,
             spending_class text, is_essential boolean, is_archived boolean, colour text, icon text, note text,
             position int, kind text)
    WHERE c ->> 'aggregate_type' = 'category' AND c ->> 'type' <> 'category.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET
        parent_id = excluded.parent_id, name = excluded.name, name_folded = excluded.name_folded,
        type = excluded.type, key = excluded.key, spending_class = excluded.spending_class,
        is_essential = excluded.is_essential, is_archived = excluded.is_archived, colour = excluded.colour,
        icon = excluded.icon, note = excluded.note, position = excluded.position, version = excluded.version;
    DELETE FROM category
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c
        WHERE c ->> 'type' = 'category.deleted'));
$$
