-- Transactions whose own text or payee fits every pattern, newest first; `most` null: all of them. Under row-level
-- security LIKE reaches no index, since it is not leakproof; so this looks with the owner's rights, at one book only,
-- and only where the caller's transaction names it. For the same reason the planner has no idea how rare a word is:
-- the newest transactions are looked through first, which fills a page where it is common, and then the index by
-- triplets of letters is asked, which is quick where it is rare.
CREATE OR REPLACE FUNCTION search_transactions(book uuid, patterns text[], first date, last date,
                                               before_day date, before_number bigint, most int)
RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    looked_through CONSTANT int := 3000;
    pattern text;
    payees uuid[];
    fits text := '';
    place text;
    found uuid[];
BEGIN
    IF NOT coalesce(book = ANY (nullif(current_setting('app.book_ids', true), '')::uuid[]), false) THEN
        RETURN;
    END IF;
    FOREACH pattern IN ARRAY patterns LOOP
        payees := ARRAY(SELECT p.id FROM payee p WHERE p.book_id = book AND p.searched LIKE pattern);
        fits := fits || CASE payees
            WHEN '{}' THEN format(' AND t.searched LIKE %L', pattern)
            ELSE format(' AND (t.searched LIKE %L OR t.payee_id = ANY (%L::uuid[]))', pattern, payees) END;
    END LOOP;
    place := format('t.book_id = %L AND t.type <> ''opening'' AND t.date BETWEEN %L AND %L AND (t.date, t.number) < (%L, %L)',
                    book, coalesce(first, '-infinity'), coalesce(last, 'infinity'),
                    coalesce(before_day, 'infinity'), coalesce(before_number, 0));
    IF most <= looked_through THEN
        EXECUTE format('SELECT array_agg(id) FROM (SELECT t.id FROM ('
                       'SELECT * FROM transaction t WHERE %s ORDER BY t.date DESC, t.number DESC LIMIT %s'
                       ') AS t WHERE true %s ORDER BY t.date DESC, t.number DESC LIMIT %s) AS page',
                       place, looked_through, fits, most) INTO found;
        IF cardinality(found) = most THEN
            RETURN QUERY SELECT unnest(found);
            RETURN;
        END IF;
    END IF;
    RETURN QUERY EXECUTE format(
        'WITH hit AS MATERIALIZED (SELECT t.id, t.date, t.number FROM transaction t WHERE %s %s)'
        ' SELECT id FROM hit ORDER BY date DESC, number DESC LIMIT %L::bigint', place, fits, most);
END
$$
