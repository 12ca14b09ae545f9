-- Whose refresh token this is, spent ones included: a spent one that comes back ends the session.
CREATE FUNCTION person_by_refresh_token(wanted bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT user_id FROM refresh_token WHERE secret_hash = wanted
$$
