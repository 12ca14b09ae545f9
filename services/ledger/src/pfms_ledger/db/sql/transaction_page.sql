-- A page of a book's transactions, newest first, in one round trip, the scope set first: the list as it is asked
-- for most, without a filter. `items` are the documents joined by comma; the sort keys of the page's last item are
-- given where there is more. Lists with a filter are put together in queries/transactions.py.
CREATE FUNCTION transaction_page(book uuid, after_day date, after_number bigint, most int,
                                 OUT items text, OUT last_day date, OUT last_number bigint)
LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('app.book_ids', true), '') IN ('', '{}') THEN
        PERFORM set_config('app.book_ids', '{' || book || '}', true);
    END IF;
    WITH page AS MATERIALIZED (
        SELECT t.date, t.number, t.version, t.payee_id, t.related_transaction_id, t.last_event,
               row_number() OVER (ORDER BY t.date DESC, t.number DESC) AS place
        FROM transaction t
        WHERE t.book_id = book AND t.type <> 'opening' AND (t.date, t.number) < (after_day, after_number)
        ORDER BY t.date DESC, t.number DESC LIMIT most + 1
    )
    SELECT string_agg((e.data || jsonb_build_object(
               'version', page.version,
               'payee', p.name,
               'related_deleted', page.related_transaction_id IS NOT NULL AND NOT EXISTS (
                   SELECT FROM transaction o WHERE o.book_id = book AND o.id = page.related_transaction_id)
           ))::text, ', ' ORDER BY page.place),
           max(page.date) FILTER (WHERE page.place = most AND page.amount > most),
           max(page.number) FILTER (WHERE page.place = most AND page.amount > most)
    INTO items, last_day, last_number
    FROM (SELECT *, count(*) OVER () AS amount FROM page) AS page
    JOIN event e ON e.stream_id = book AND e.sequence = page.last_event
    LEFT JOIN payee p ON p.book_id = book AND p.id = page.payee_id
    WHERE page.place <= most;
END
$$
