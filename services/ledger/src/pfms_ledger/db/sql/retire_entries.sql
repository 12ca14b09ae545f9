-- Takes back what earlier versions of these transactions posted: postings, month sums, balances, tags.
CREATE FUNCTION retire_entries(book uuid, ids uuid[]) RETURNS void LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM posting WHERE book_id = book AND transaction_id = ANY (ids)
        RETURNING account_id, date, amount_minor, cleared
    ), month AS (
        INSERT INTO account_month AS m (book_id, account_id, month, sum_minor)
        SELECT book, account_id, date_trunc('month', date)::date, -sum(amount_minor)
        FROM gone WHERE account_id IS NOT NULL GROUP BY account_id, date_trunc('month', date)::date
        ON CONFLICT (book_id, account_id, month) DO UPDATE SET sum_minor = m.sum_minor + excluded.sum_minor
    )
    UPDATE account SET balance_minor = balance_minor - g.whole, cleared_balance_minor = cleared_balance_minor - g.cleared
    FROM (SELECT account_id, sum(amount_minor) AS whole, coalesce(sum(amount_minor) FILTER (WHERE cleared), 0) AS cleared
          FROM gone WHERE account_id IS NOT NULL GROUP BY account_id) AS g
    WHERE account.book_id = book AND account.id = g.account_id;
    DELETE FROM transaction_tag WHERE book_id = book AND transaction_id = ANY (ids);
$$
