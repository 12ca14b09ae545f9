-- Shows a person the open invitations to the address that they have just proved to be theirs.
CREATE FUNCTION attach_invitations(person_id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE invitation i SET user_id = p.user_id FROM person p
    WHERE p.user_id = person_id AND p.is_verified AND i.address_key = p.address_key AND i.user_id IS NULL
      AND i.status = 'pending'
$$
