-- Transactions and opening balances: rows, postings, month sums, balances and tags, from what Python posted.
-- `first` is the book's number before these changes; a transaction keeps the number of the event that made it.
-- A rebuild says both numbers itself.
CREATE OR REPLACE FUNCTION apply_entries(book uuid, first bigint, changes jsonb) RETURNS void LANGUAGE sql AS $$
    WITH entry AS (
        INSERT INTO transaction AS t (book_id, id, type, status, date, amount_minor, payee_id, related_transaction_id,
                                      source, import_id, bank_id, payment_method, number, last_event, version,
                                      searched, is_shared, income_source_id)
        SELECT book, e.id, e.type, e.status, e.date, e.amount_minor, e.payee_id, e.related_transaction_id,
               e.source, e.import_id, e.bank_id, e.payment_method, coalesce(e.number, first + place),
               coalesce(e.last_event, first + place), (c ->> 'aggregate_version')::bigint, e.searched, coalesce(e.is_shared, false),
               e.income_source_id
        FROM jsonb_array_elements(changes) WITH ORDINALITY AS list (c, place),
             jsonb_to_record(c -> 'entry') AS e (id uuid, type text, status text, date date, amount_minor bigint,
                 payee_id uuid, related_transaction_id uuid, source text, import_id uuid, bank_id text,
                 payment_method text, number bigint, last_event bigint, searched text, is_shared boolean,
                 income_source_id uuid)
        WHERE c ? 'entry'
        ON CONFLICT (book_id, id) DO UPDATE SET
            type = excluded.type, status = excluded.status, date = excluded.date,
            amount_minor = excluded.amount_minor, payee_id = excluded.payee_id,
            related_transaction_id = excluded.related_transaction_id, import_id = excluded.import_id,
            bank_id = excluded.bank_id, payment_method = excluded.payment_method,
            last_event = excluded.last_event, version = excluded.version, searched = excluded.searched,
            is_shared = excluded.is_shared, income_source_id = excluded.income_source_id
        RETURNING t.id, t.date, t.number, t.status <> 'pending' AS cleared
    ), leg AS (
        INSERT INTO posting (book_id, transaction_id, n, kind, account_id, pot_id, category_id, amount_minor, currency,
                             date, number, cleared)
        SELECT book, entry.id, p.n, p.kind, p.account_id, p.pot_id, p.category_id, p.amount_minor, p.currency, entry.date,
               entry.number, entry.cleared
        FROM jsonb_array_elements(changes) AS c
        JOIN entry ON entry.id = (c -> 'entry' ->> 'id')::uuid,
             jsonb_to_recordset(c -> 'postings') AS p (n smallint, kind text, account_id uuid, pot_id uuid,
                 category_id uuid, amount_minor bigint, currency text)
        RETURNING account_id, date, amount_minor, cleared
    ), month AS (
        INSERT INTO account_month AS m (book_id, account_id, month, sum_minor)
        SELECT book, account_id, date_trunc('month', date)::date, sum(amount_minor)
        FROM leg WHERE account_id IS NOT NULL GROUP BY account_id, date_trunc('month', date)::date
        ON CONFLICT (book_id, account_id, month) DO UPDATE SET sum_minor = m.sum_minor + excluded.sum_minor
    ), tag AS (
        INSERT INTO transaction_tag (book_id, tag, transaction_id)
        SELECT book, tag, (c -> 'entry' ->> 'id')::uuid
        FROM jsonb_array_elements(changes) AS c, jsonb_array_elements_text(c -> 'entry' -> 'tags') AS tag
    )
    UPDATE account SET balance_minor = balance_minor + l.whole, cleared_balance_minor = cleared_balance_minor + l.cleared
    FROM (SELECT account_id, sum(amount_minor) AS whole, coalesce(sum(amount_minor) FILTER (WHERE cleared), 0) AS cleared
          FROM leg WHERE account_id IS NOT NULL GROUP BY account_id) AS l
    WHERE account.book_id = book AND account.id = l.account_id;
$$
