-- Budget months as JSON documents, in one round trip, the scope set first; `applied` is the ledger's number up to
-- which the figures are complete; a reader that wants a higher one is told when they were derived. Without `lines` a document has no categories. No row: outside the budget.
-- A category that is archived has a line as long as that holds something.
-- NOBODY (the zero UUID) is the uncategorised line, which is always there, as is the payment row of each card that
-- keeps its debt.
CREATE OR REPLACE FUNCTION budget_months(book uuid, from_day date, to_day date, most int, lines boolean, wanted bigint)
RETURNS TABLE (key text, version bigint, applied bigint, document text) LANGUAGE plpgsql AS $$
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    waiting bigint;
    left_out uuid[];
    cards uuid[];
BEGIN
    IF coalesce(current_setting('app.book_ids', true), '') IN ('', '{}') THEN
        PERFORM set_config('app.book_ids', '{' || book || '}', true);
    END IF;
    SELECT p.applied_through INTO applied FROM progress p
    WHERE p.stream_id = book AND p.consumer = 'budget.ledger' AND p.producer = 'ledger';
    SELECT d.before INTO waiting FROM dirty d WHERE d.book_id = book;
    applied := least(coalesce(applied, 0), waiting);
    SELECT b.unconverted INTO left_out FROM book b WHERE b.book_id = book;
    left_out := coalesce(left_out, '{}');
    SELECT coalesce(array_agg(a.id), '{}') INTO cards FROM account a
    WHERE a.book_id = book AND a.keeps_debt AND a.on_budget AND a.id <> ALL (left_out);

    RETURN QUERY
    SELECT m.key, coalesce(p.version, 0), applied,
        left(head.document, -1) || CASE WHEN lines THEN ', "categories" : ' || (
            SELECT json_agg(json_build_object(
                'category_id', nullif(l.category_id, nobody),
                'kind', CASE WHEN l.category_id = nobody THEN 'uncategorised'
                             WHEN l.category_id = ANY (cards) THEN 'card_payment' ELSE 'category' END,
                'allocated_minor', l.allocated,
                'actual_minor', l.actual,
                'carry_in_minor', l.carry_in,
                'available_minor', l.available,
                'card_debt_minor', l.card_debt,
                'funded_minor', l.funded,
                'paid_minor', l.paid,
                'transaction_count', l.transaction_count,
                'rollover', l.rollover
            ) ORDER BY l.category_id = nobody, l.category_id = ANY (cards), l.category_id)::text
            FROM (
                SELECT x.category_id, x.allocated, x.actual, x.carry_in, x.available, x.transaction_count, x.rollover,
                       x.card_debt, x.funded, x.paid
                FROM month_line x WHERE x.book_id = book AND x.first_day = m.first_day AND (
                    x.allocated <> 0 OR x.actual <> 0 OR x.carry_in <> 0 OR x.available <> 0 OR x.transaction_count > 0
                    OR NOT EXISTS (SELECT FROM category c
                                   WHERE c.book_id = book AND c.id = x.category_id AND c.is_archived))
                UNION ALL
                SELECT u.id, 0, 0, 0, 0, 0, NULL, 0, 0, 0 FROM unnest(cards || nobody) AS u (id)
                WHERE NOT EXISTS (
                    SELECT FROM month_line x
                    WHERE x.book_id = book AND x.first_day = m.first_day AND x.category_id = u.id)
            ) l
        ) ELSE '' END || '}'
    FROM month m
    LEFT JOIN plan p ON p.book_id = book AND p.first_day = m.first_day
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(l.allocated) FILTER (WHERE c.is_essential), 0) AS essential,
               coalesce(sum(l.allocated) FILTER (WHERE NOT c.is_essential), 0) AS rest,
               card_minimums(book, m.first_day, m.last_day) AS minimums
        FROM month_line l JOIN category c ON c.book_id = book AND c.id = l.category_id
        WHERE l.book_id = book AND l.first_day = m.first_day AND c.type = 'expense'
          AND c.spending_class IS DISTINCT FROM 'debt'
    ) d
    CROSS JOIN LATERAL (SELECT json_build_object(
        'month', m.key,
        'first_day', m.first_day,
        'last_day', m.last_day,
        'status', coalesce(p.status, 'draft'),
        'notes', p.notes,
        'planned_income_minor', coalesce(p.planned_income_minor, 0),
        'planned_salary_minor', coalesce(p.planned_salary_minor, 0),
        'planned_bonuses_minor', coalesce(p.planned_bonuses_minor, 0),
        'planned_side_income_minor', coalesce(p.planned_side_income_minor, 0),
        'planned_investments_minor', coalesce(p.planned_investments_minor, 0),
        'planned_other_minor', coalesce(p.planned_other_minor, 0),
        'savings_budget_minor', coalesce(p.savings_budget_minor, 0),
        'debt_payment_budget_minor', coalesce(p.debt_payment_budget_minor, 0),
        'start_minor', m.start,
        'income_minor', m.income,
        'expected_income_minor', coalesce(nullif(p.planned_income_minor, 0), m.income),
        'held_income_minor', m.held_income,
        'openings_minor', m.openings,
        'total_planned_minor', m.allocated,
        'outflow_minor', m.outflow,
        'rollover_balance_minor', m.rollover_balance,
        'released_minor', m.released,
        'hold_minor', m.hold,
        'excluded_minor', m.excluded,
        'discarded_minor', m.discarded,
        'fx_minor', m.fx,
        'card_debt_minor', m.card_debt,
        'minimum_debt_payments_minor', d.minimums,
        'discretionary_minor', coalesce(nullif(p.planned_income_minor, 0), m.income) - d.essential - d.minimums,
        'available_for_debt_payoff_minor', greatest(0, coalesce(nullif(p.planned_income_minor, 0), m.income)
            - d.essential - d.minimums - d.rest - coalesce(p.savings_budget_minor, 0)),
        'unconverted', to_json(left_out),
        'to_be_budgeted_minor', m.to_be_budgeted,
        'version', coalesce(p.version, 0),
        'as_of', to_char(CASE WHEN waiting IS NULL AND applied >= wanted THEN now() ELSE m.derived_at END AT TIME ZONE 'UTC',
                         'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    )::text AS document) head
    WHERE m.book_id = book AND m.first_day BETWEEN from_day AND to_day
    ORDER BY m.first_day LIMIT most;
END
$$
