-- Double entry: what a statement takes from the postings sums to zero per transaction and currency.
CREATE FUNCTION zero_sum_of_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM removed GROUP BY book_id, transaction_id, currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'postings do not sum to zero' USING ERRCODE = 'PF001';
    END IF;
    RETURN NULL;
END
$$
