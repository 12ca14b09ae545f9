-- What is due of all cards together at least in the days from first_day to last_day, in minor units.
CREATE OR REPLACE FUNCTION card_minimums(book uuid, first_day date, last_day date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(p.minor), 0) FROM minimum_payments(book, first_day, last_day) p
$$
