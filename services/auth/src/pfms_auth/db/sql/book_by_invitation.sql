-- Into which book this invitation leads, for who holds the mailed secret.
CREATE FUNCTION book_by_invitation(wanted bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT book_id FROM invitation WHERE secret_hash = wanted
$$
