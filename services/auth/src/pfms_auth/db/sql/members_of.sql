-- The members of a book with their names, which row-level security shows to themselves only. It answers for books
-- of the transaction's scope and no other.
CREATE FUNCTION members_of(book uuid)
RETURNS TABLE (user_id uuid, display_name text, role text, joined_at timestamptz, version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.user_id, p.display_name, m.role, m.joined_at, m.version
    FROM membership m JOIN person p ON p.user_id = m.user_id
    WHERE m.book_id = book AND book = ANY (nullif(current_setting('app.book_ids', true), '')::uuid[])
    ORDER BY m.joined_at, m.user_id
$$
