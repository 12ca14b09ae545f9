-- What is in pots, after postings of these pots changed in these months (two lists of one length). A month's row keeps
-- the sum of its postings and the lowest that their running sum gets within it, in order of date and number, both
-- counted from the month's beginning: so a change in the past makes one row anew, however much came after it. The
-- balance follows from all months (the rule is domain/pot.py's). Answers the pots that hold something else than before.
-- One month at a time: joined to the list of months, all postings of a pot would be held against each of them.
CREATE OR REPLACE FUNCTION fill_pots(book uuid, pots uuid[], months date[]) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    filled record;
    turned uuid[];
BEGIN
    FOR filled IN
        SELECT DISTINCT pot_id, month, (month + interval '1 month')::date AS next
        FROM unnest(pots, months) AS list (pot_id, month)
    LOOP
        DELETE FROM pot_month m WHERE m.book_id = book AND m.pot_id = filled.pot_id AND m.month = filled.month;
        INSERT INTO pot_month (book_id, pot_id, month, sum_minor, low_minor)
        SELECT book, filled.pot_id, filled.month, sum(line.amount_minor), least(0, min(line.running))
        FROM (SELECT g.amount_minor, sum(g.amount_minor) OVER (ORDER BY g.date, g.number) AS running
              FROM posting g
              WHERE g.book_id = book AND g.pot_id = filled.pot_id
                AND g.date >= filled.month AND g.date < filled.next) AS line
        HAVING count(*) > 0;
    END LOOP;
    WITH line AS (
        SELECT m.pot_id, m.sum_minor,
               sum(m.sum_minor) OVER (PARTITION BY m.pot_id ORDER BY m.month) - m.sum_minor + m.low_minor AS low
        FROM pot_month m WHERE m.book_id = book AND m.pot_id = ANY (pots)
    ), whole AS (
        SELECT t.pot_id, coalesce(sum(line.sum_minor), 0) AS sum_minor, least(0, min(line.low)) AS low
        FROM (SELECT DISTINCT pot_id FROM unnest(pots) AS list (pot_id)) AS t LEFT JOIN line USING (pot_id)
        GROUP BY t.pot_id
    ), changed AS (
        UPDATE pot SET balance_minor = whole.sum_minor - whole.low, account_paid_minor = -whole.low
        FROM whole
        WHERE pot.book_id = book AND pot.id = whole.pot_id
          AND (pot.balance_minor, pot.account_paid_minor) <> (whole.sum_minor - whole.low, -whole.low)
        RETURNING pot.id
    )
    SELECT array_agg(id) INTO turned FROM changed;
    RETURN turned;
END
$$
