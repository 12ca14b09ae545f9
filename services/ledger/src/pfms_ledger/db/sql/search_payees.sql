-- Payees for what is typed, the best first: names that begin with it, then those in which a word does (an alias's
-- too), then those that are like it. Under row-level security neither LIKE nor likeness reaches an index, since they
-- are not leakproof; so this looks with the owner's rights, at one book only, and only where the caller's
-- transaction names it. `typed` is folded as `payee.searched` is, with the blank before its first word.
CREATE OR REPLACE FUNCTION search_payees(book uuid, typed text, most int)
RETURNS TABLE (payee_id uuid, rank int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF coalesce(book = ANY (nullif(current_setting('app.book_ids', true), '')::uuid[]), false) THEN
        -- Names are short, so less likeness than usual is enough. The setting is anybody's once its module is loaded.
        PERFORM word_similarity(typed, typed), set_config('pg_trgm.word_similarity_threshold', '0.45', true);
        RETURN QUERY
            SELECT p.id, CASE WHEN p.searched LIKE typed || '%' THEN 3000
                              WHEN p.searched LIKE '%' || typed || '%' THEN 2000
                              ELSE round(1000 * word_similarity(typed, p.searched))::int END AS rank
            FROM payee p
            WHERE p.book_id = book AND (p.searched LIKE '%' || typed || '%' OR typed <% p.searched)
            ORDER BY rank DESC, p.name_folded LIMIT most;
    END IF;
END
$$
