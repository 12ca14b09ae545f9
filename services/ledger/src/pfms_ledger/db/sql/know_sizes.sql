-- Lets the planner know tables that have just grown from nothing. Without statistics a book seems to hold one row of
-- each, and a thousand changes are then held against every row of it: eight seconds were not enough for a batch that
-- takes 80 ms. Autovacuum comes a minute later; an import fills the tables in seconds. A table that is known is left
-- to autovacuum, so this costs one look into the catalogue. The owner's rights, since only an owner may ANALYZE.
CREATE FUNCTION know_sizes() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    grown text;
BEGIN
    FOR grown IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND reltuples < 1000 AND pg_relation_size(oid) > 500000
          AND relname IN ('event', 'import_row', 'payee', 'posting', 'transaction')
        ORDER BY relname
    LOOP
        EXECUTE format('ANALYZE %I', grown);
    END LOOP;
END
$$
