-- To whom this link was mailed.
CREATE FUNCTION person_by_link(wanted bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT user_id FROM link WHERE secret_hash = wanted
$$
