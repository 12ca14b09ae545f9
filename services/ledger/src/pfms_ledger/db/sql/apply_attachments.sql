-- Rows of attachments from their events' data. Their transaction may be a tombstone meanwhile, and come back.
CREATE OR REPLACE FUNCTION apply_attachments(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO attachment (book_id, id, transaction_id, name, media_type, size_bytes, sha256, created_at, created_by,
                            version)
    SELECT book, d.id, d.transaction_id, d.name, d.media_type, d.size_bytes, d.sha256, d.created_at, d.created_by,
           (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, transaction_id uuid, name text, media_type text, size_bytes bigint,
             sha256 text, created_at timestamptz, created_by uuid)
    WHERE c ->> 'aggregate_type' = 'attachment' AND c ->> 'type' <> 'attachment.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET version = excluded.version;
    DELETE FROM attachment
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c
        WHERE c ->> 'type' = 'attachment.deleted'));
$$
