-- What is due of each card at least in the days from first_day to last_day, in minor units: its minimum as often as its
-- due day falls in them, where a short month's last day stands for the days it lacks; without a due day once.
CREATE OR REPLACE FUNCTION minimum_payments(book uuid, first_day date, last_day date)
RETURNS TABLE (account_id uuid, minor numeric) LANGUAGE sql STABLE AS $$
    SELECT a.id, a.minimum_payment_minor * CASE WHEN a.due_day IS NULL THEN 1 ELSE (
        SELECT count(*) FROM generate_series(first_day, last_day, interval '1 day') AS g (at)
        WHERE extract(day FROM g.at) = least(a.due_day, extract(day FROM
            date_trunc('month', g.at) + interval '1 month - 1 day'))
    ) END
    FROM account a WHERE a.book_id = book AND a.on_budget AND a.minimum_payment_minor IS NOT NULL
$$
