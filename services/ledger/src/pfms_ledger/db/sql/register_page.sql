-- A page of an account's register, newest first, in one round trip, the scope set first: each document with what it
-- did to the account and the balance after it. The balance after the newest posting of the page comes from the
-- month sums, the others from it. An opening balance is no item, but moves the balance: hence one posting more.
CREATE OR REPLACE FUNCTION register_page(book uuid, account uuid, after_day date, after_number bigint, most int,
                              OUT items text, OUT last_day date, OUT last_number bigint)
LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('app.book_ids', true), '') IN ('', '{}') THEN
        PERFORM set_config('app.book_ids', '{' || book || '}', true);
    END IF;
    WITH leg AS MATERIALIZED (
        SELECT *, sum(amount_minor) OVER (ORDER BY date DESC, number DESC) - amount_minor AS newer
        FROM (SELECT (array_agg(p.transaction_id))[1] AS transaction_id, p.date, p.number,
                     sum(p.amount_minor)::bigint AS amount_minor
              FROM (SELECT g.transaction_id, g.date, g.number, g.amount_minor FROM posting g
                    WHERE g.book_id = book AND g.account_id = account
                      AND (g.date, g.number) < (after_day, after_number)
                    ORDER BY g.date DESC, g.number DESC LIMIT 2 * (most + 2)) AS p
              GROUP BY p.date, p.number  -- a transfer to a pot of the account has two legs on it
              ORDER BY p.date DESC, p.number DESC LIMIT most + 2) AS newest
    ), top AS MATERIALIZED (
        -- Bounds stand in columns: under row-level security a comparison that holds a function reaches no index.
        SELECT date, number, date_trunc('month', date)::date AS month,
               (date_trunc('month', date) + interval '1 month')::date AS next_month
        FROM leg ORDER BY date DESC, number DESC LIMIT 1
    ), balance AS MATERIALIZED (  -- once, not for each item
        SELECT coalesce((SELECT sum(m.sum_minor) FROM account_month m
                         WHERE m.book_id = book AND m.account_id = account AND m.month <= top.month), 0)
             - coalesce((SELECT sum(g.amount_minor) FROM posting g
                         WHERE g.book_id = book AND g.account_id = account
                           AND (g.date, g.number) > (top.date, top.number) AND g.date < top.next_month), 0) AS minor
        FROM top
    ), page AS MATERIALIZED (
        SELECT leg.*, t.version, t.payee_id, t.related_transaction_id, t.last_event,
               row_number() OVER (ORDER BY leg.date DESC, leg.number DESC) AS place, count(*) OVER () AS amount
        FROM leg JOIN transaction t ON t.book_id = book AND t.id = leg.transaction_id
        WHERE t.type <> 'opening'
    )
    SELECT string_agg((e.data || jsonb_build_object(
               'version', page.version,
               'payee', p.name,
               'related_deleted', page.related_transaction_id IS NOT NULL AND NOT EXISTS (
                   SELECT FROM transaction o WHERE o.book_id = book AND o.id = page.related_transaction_id),
               'account_amount_minor', page.amount_minor,
               'running_balance_minor', balance.minor - page.newer
           ))::text, ', ' ORDER BY page.place),
           max(page.date) FILTER (WHERE page.place = most AND page.amount > most),
           max(page.number) FILTER (WHERE page.place = most AND page.amount > most)
    INTO items, last_day, last_number
    FROM page CROSS JOIN balance
    JOIN event e ON e.stream_id = book AND e.sequence = page.last_event
    LEFT JOIN payee p ON p.book_id = book AND p.id = page.payee_id
    WHERE page.place <= most;
END
$$
