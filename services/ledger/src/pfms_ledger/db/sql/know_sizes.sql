-- Lets the planner know tables that an import has just filled. Without statistics a book seems to hold one row of
-- each, and a thousand changes, or a page of a list, are then held against every row of it: eight seconds were not
-- enough for what takes 80 ms. Autovacuum comes a minute later to a table that was empty, and not at all to one that
-- has grown by less than a tenth: there the new book would stay one row for good. So both are told: tables that were
-- next to empty while they fill, and, once `written` changes are done, all of them. A sample is read, whatever the
-- table's size. The owner's rights, since only an owner may ANALYZE.
CREATE OR REPLACE FUNCTION know_sizes(written bigint DEFAULT 0) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    grown text;
BEGIN
    FOR grown IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 500000
          AND (reltuples < 1000 OR written >= 1000)
          AND relname IN ('event', 'import_row', 'payee', 'posting', 'transaction')
        ORDER BY relname
    LOOP
        EXECUTE format('ANALYZE %I', grown);
    END LOOP;
END
$$
