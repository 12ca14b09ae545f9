-- Transactions whose own text or payee fits every pattern, newest first; `most` null: all of them. Under row-level
-- security LIKE reaches no index, since it is not leakproof; so this looks with the owner's rights, at one book only,
-- and only where the caller's transaction names it. For the same reason the planner has no idea how rare a word is; the
-- newest few hundred transactions tell. Where they promise a page, the newest are looked through; else the index by
-- triplets of letters is asked, for the rare words alone: a common one's list would be read from end to end, only to
-- throw most of it away.
CREATE OR REPLACE FUNCTION search_transactions(book uuid, patterns text[], first date, last date,
                                               before_day date, before_number bigint, most int)
RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    sampled CONSTANT int := 500;
    looked_through CONSTANT int := 6 * sampled;
    often int := sampled / 20;
    pattern text;
    payees uuid[];
    condition text;
    each text[];
    unindexed text[];
    hits int[];
    whole int;
    fits text;
    place text;
    found uuid[];
BEGIN
    IF NOT coalesce(book = ANY (nullif(current_setting('app.book_ids', true), '')::uuid[]), false) THEN
        RETURN;
    END IF;
    FOREACH pattern IN ARRAY patterns LOOP
        payees := ARRAY(SELECT p.id FROM payee p WHERE p.book_id = book AND p.searched LIKE pattern);
        condition := CASE payees WHEN '{}' THEN '%1$s LIKE %2$L'
                                 ELSE '(%1$s LIKE %2$L OR t.payee_id = ANY (%3$L::uuid[]))' END;
        each := each || format(condition, 't.searched', pattern, payees);
        unindexed := unindexed || format(condition, '(t.searched || '''')', pattern, payees);
    END LOOP;
    fits := array_to_string(each, ' AND ');
    place := format('t.book_id = %L AND t.type <> ''opening'' AND t.date BETWEEN %L AND %L AND (t.date, t.number) < (%L, %L)',
                    book, coalesce(first, '-infinity'), coalesce(last, 'infinity'),
                    coalesce(before_day, 'infinity'), coalesce(before_number, 0));
    EXECUTE format('SELECT ARRAY[count(*) FILTER (WHERE %s)], count(*) FILTER (WHERE %s) FROM ('
                   'SELECT * FROM transaction t WHERE %s ORDER BY t.date DESC, t.number DESC LIMIT %s) AS t',
                   array_to_string(each, '), count(*) FILTER (WHERE '), fits, place, sampled) INTO hits, whole;
    IF most <= whole * (looked_through / sampled) THEN
        EXECUTE format('SELECT array_agg(id) FROM (SELECT t.id FROM ('
                       'SELECT * FROM transaction t WHERE %s ORDER BY t.date DESC, t.number DESC LIMIT %s'
                       ') AS t WHERE %s ORDER BY t.date DESC, t.number DESC LIMIT %s) AS page',
                       place, looked_through, fits, most) INTO found;
        IF cardinality(found) = most THEN
            RETURN QUERY SELECT unnest(found);
            RETURN;
        END IF;
    END IF;
    often := greatest(often, (SELECT min(hit) FROM unnest(hits) AS hit));
    SELECT string_agg(CASE WHEN hit > often THEN plain ELSE indexed END, ' AND ')
    INTO fits FROM unnest(each, unindexed, hits) AS list (indexed, plain, hit);
    RETURN QUERY EXECUTE format(
        'WITH hit AS MATERIALIZED (SELECT t.id, t.date, t.number FROM transaction t WHERE %s AND %s)'
        ' SELECT id FROM hit ORDER BY date DESC, number DESC LIMIT %L::bigint', place, fits, most);
END
$$
