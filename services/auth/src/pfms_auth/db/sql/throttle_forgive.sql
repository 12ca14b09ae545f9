-- After a success: the failures under `cleared` are over, and the try under `refunded` is not counted.
CREATE FUNCTION throttle_forgive(cleared bytea[], refunded bytea[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM throttle WHERE key = ANY (cleared);
    UPDATE throttle SET failures = greatest(failures - 1, 0), blocked_until = '-infinity'
    WHERE key = ANY (refunded)
$$
