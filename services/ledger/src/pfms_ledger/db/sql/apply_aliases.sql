-- Aliases of payees, each leading to one payee of the book, made anew from the newest state.
CREATE OR REPLACE FUNCTION apply_aliases(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    DELETE FROM payee_alias
    WHERE book_id = book AND payee_id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c
        WHERE c ->> 'aggregate_type' = 'payee'));
    INSERT INTO payee_alias (book_id, name_folded, payee_id)
    SELECT book, alias, (c ->> 'aggregate_id')::uuid
    FROM jsonb_array_elements(changes) AS c, jsonb_array_elements_text(c -> 'aliases') AS alias;
$$
