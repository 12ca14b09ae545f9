-- Counts a try under each key before it is made, so that a thousand at once are counted too. NULL: go on; else
-- nothing was counted and the answer says until when to wait. `delays` are the seconds after the first, second, …
-- failure in a row; a key that rested for a day starts afresh.
CREATE FUNCTION throttle_take(keys bytea[], at timestamptz, delays int[]) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    blocked timestamptz;
BEGIN
    INSERT INTO throttle AS t (key, failures, last_at, blocked_until)
    SELECT DISTINCT k, 0, at, '-infinity'::timestamptz FROM unnest(keys) AS k ORDER BY k
    ON CONFLICT (key) DO UPDATE
        SET failures = CASE WHEN t.last_at < at - interval '1 day' THEN 0 ELSE t.failures END;

    SELECT max(t.blocked_until) INTO blocked FROM throttle t WHERE t.key = ANY (keys);
    IF blocked > at THEN
        RETURN blocked;
    END IF;
    UPDATE throttle t
    SET failures = t.failures + 1, last_at = at,
        blocked_until = at + make_interval(secs => delays[least(t.failures + 1, cardinality(delays))])
    WHERE t.key = ANY (keys);
    RETURN NULL;
END
$$
