-- The first lock of every write: its streams' head rows, in order, made where they are missing.
-- Any other way to write this deadlocked: DO NOTHING locks nothing, SELECT FOR UPDATE finds no new row.
CREATE FUNCTION lock_heads(streams uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lock_timeout', '4s', true);
    INSERT INTO stream_head
    SELECT DISTINCT x, 0 FROM unnest(streams) AS x ORDER BY x
    ON CONFLICT (stream_id) DO UPDATE SET sequence = stream_head.sequence;
END
$$
