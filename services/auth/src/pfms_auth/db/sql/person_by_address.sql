-- Whose address this is. It runs as the owner, since nobody is signed in yet, and gives away one id.
CREATE FUNCTION person_by_address(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT user_id FROM person WHERE address_key = wanted
$$
