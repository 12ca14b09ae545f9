-- What a write newly refers to must be there and active, and be what Python took it for: an account of that
-- currency, a payee of that name or alias, a pot of that account. The message is the input field, the detail what is wrong with it.
CREATE OR REPLACE FUNCTION check_refs(book uuid, refs jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT r.path, CASE WHEN a.id IS NULL THEN 'missing' WHEN a.currency <> r.value THEN 'currency' ELSE 'inactive' END
           AS why INTO wrong
    FROM jsonb_to_recordset(refs) AS r (kind text, id uuid, value text, path text)
    LEFT JOIN account a ON a.book_id = book AND a.id = r.id
    WHERE r.kind = 'account' AND (a.id IS NULL OR NOT a.is_active OR a.currency <> r.value)
    LIMIT 1;
    IF NOT FOUND THEN
        SELECT r.path, CASE WHEN c.id IS NULL THEN 'missing' ELSE 'inactive' END AS why INTO wrong
        FROM jsonb_to_recordset(refs) AS r (kind text, id uuid, path text)
        LEFT JOIN category c ON c.book_id = book AND c.id = r.id
        WHERE r.kind = 'category' AND (c.id IS NULL OR c.is_archived)
        LIMIT 1;
    END IF;
    IF NOT FOUND THEN
        SELECT r.path, CASE WHEN p.id IS NULL THEN 'missing' WHEN p.account_id::text <> r.value THEN 'elsewhere'
               ELSE 'inactive' END AS why INTO wrong
        FROM jsonb_to_recordset(refs) AS r (kind text, id uuid, value text, path text)
        LEFT JOIN pot p ON p.book_id = book AND p.id = r.id
        WHERE r.kind = 'pot' AND (p.id IS NULL OR NOT p.is_active OR p.account_id::text <> r.value)
        LIMIT 1;
    END IF;
    IF NOT FOUND THEN
        SELECT r.path, CASE WHEN s.id IS NULL THEN 'missing' ELSE 'inactive' END AS why INTO wrong
        FROM jsonb_to_recordset(refs) AS r (kind text, id uuid, path text)
        LEFT JOIN income_source s ON s.book_id = book AND s.id = r.id
        WHERE r.kind = 'income_source' AND (s.id IS NULL OR NOT s.is_active)
        LIMIT 1;
    END IF;
    IF NOT FOUND THEN
        SELECT r.path, 'renamed' AS why INTO wrong
        FROM jsonb_to_recordset(refs) AS r (kind text, id uuid, value text, path text)
        LEFT JOIN payee p ON p.book_id = book AND p.id = r.id AND (p.name_folded = r.value OR EXISTS (
            SELECT FROM payee_alias a WHERE a.book_id = book AND a.payee_id = p.id AND a.name_folded = r.value))
        WHERE r.kind = 'payee' AND p.id IS NULL
        LIMIT 1;
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION '%', wrong.path USING ERRCODE = 'PF002', DETAIL = wrong.why;
    END IF;
END
$$
