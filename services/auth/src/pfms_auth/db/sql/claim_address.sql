-- Whose address this is, with the address locked until the transaction ends: two registrations with one address
-- come one after the other, so the second sees the first.
CREATE FUNCTION claim_address(wanted text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted, 0));
    RETURN (SELECT user_id FROM person WHERE address_key = wanted);
END
$$
