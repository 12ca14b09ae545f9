-- Removes what rested for a day and so counts no longer.
CREATE FUNCTION throttle_forget(before timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM throttle WHERE last_at < before
$$
