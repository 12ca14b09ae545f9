-- Whose address this is and was proved to be. Only such an account may be shown what was sent to the address.
CREATE FUNCTION verified_person_by_address(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT user_id FROM person WHERE address_key = wanted AND is_verified
$$
