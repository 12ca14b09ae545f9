-- The one way from events to rows; `append` calls it with new events, a rebuild with the old ones.
-- `kinds` names the aggregate types in the list, so that a transaction pays for transactions only.
CREATE OR REPLACE FUNCTION apply_changes(book uuid, first bigint, kinds text[], retired uuid[], changes jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    gone uuid[];
BEGIN
    IF retired <> '{}' THEN
        PERFORM retire_entries(book, retired);
    END IF;
    IF 'category' = ANY (kinds) THEN
        PERFORM apply_categories(book, changes);
    END IF;
    IF 'payee' = ANY (kinds) THEN
        PERFORM apply_payees(book, changes);
    END IF;
    IF 'alias' = ANY (kinds) THEN
        PERFORM apply_aliases(book, changes);
    END IF;
    IF 'rate' = ANY (kinds) THEN
        PERFORM apply_rates(book, changes);
    END IF;
    IF 'account' = ANY (kinds) THEN
        PERFORM apply_accounts(book, changes);
    END IF;
    IF 'ledger_settings' = ANY (kinds) THEN
        PERFORM apply_settings(book, changes);
    END IF;
    IF 'pot' = ANY (kinds) THEN
        PERFORM apply_pots(book, changes);
    END IF;
    IF 'reconciliation' = ANY (kinds) THEN
        PERFORM apply_reconciliations(book, changes);
    END IF;
    IF 'plan' = ANY (kinds) THEN
        PERFORM apply_plans(book, changes);
    END IF;
    IF 'attachment' = ANY (kinds) THEN
        PERFORM apply_attachments(book, changes);
    END IF;
    IF 'habit' = ANY (kinds) OR 'habit_log' = ANY (kinds) THEN
        PERFORM apply_habits(book, changes);
    END IF;
    IF 'income_source' = ANY (kinds) THEN
        PERFORM apply_income_sources(book, changes);
    END IF;
    IF 'entry' = ANY (kinds) THEN
        PERFORM apply_entries(book, first, changes);
    END IF;
    IF 'recurring' = ANY (kinds) THEN
        PERFORM apply_occurrences(book, changes);
    END IF;
    IF 'deletion' = ANY (kinds) THEN
        gone := ARRAY(SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c
                      WHERE c ->> 'type' IN ('transaction.deleted', 'account.deleted'));
        DELETE FROM transaction USING unnest(gone) AS list (id) WHERE book_id = book AND transaction.id = list.id;
        gone := ARRAY(SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c
                      WHERE c ->> 'type' = 'account.deleted');
        DELETE FROM account_month USING unnest(gone) AS list (id) WHERE book_id = book AND account_id = list.id;
        DELETE FROM account USING unnest(gone) AS list (id) WHERE book_id = book AND account.id = list.id;
    END IF;
END
$$
