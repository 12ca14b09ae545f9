-- The versions that events of one correlation id made. Under row-level security a look into JSON reaches no index,
-- since it is not leakproof; so this looks with the owner's rights, at one book only, and only where the caller's
-- transaction names it.
CREATE OR REPLACE FUNCTION correlated(book uuid, correlation text)
RETURNS TABLE (sequence bigint, aggregate_type text, aggregate_id uuid, aggregate_version bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF coalesce(book = ANY (nullif(current_setting('app.book_ids', true), '')::uuid[]), false) THEN
        RETURN QUERY SELECT e.sequence, e.aggregate_type, e.aggregate_id, e.aggregate_version FROM event e
                     WHERE e.stream_id = book AND e.trace ->> 'correlation_id' = correlation;
    END IF;
END
$$
