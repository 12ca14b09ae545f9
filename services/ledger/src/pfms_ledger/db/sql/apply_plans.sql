-- Rows of plans from their events' data. What the job noted is forgotten, so that it looks at a changed plan at once.
CREATE OR REPLACE FUNCTION apply_plans(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    DELETE FROM plan_category
    WHERE book_id = book AND plan_id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c WHERE c ->> 'aggregate_type' = 'plan'));
    INSERT INTO plan (book_id, id, is_active, account_id, pot_id, to_account_id, to_pot_id, state, version)
    SELECT book, (c ->> 'aggregate_id')::uuid, (c -> 'data' ->> 'is_active')::boolean,
           coalesce(c -> 'data' -> 'template' ->> 'account_id',
                    c -> 'data' -> 'template' -> 'from' ->> 'account_id')::uuid,
           coalesce(c -> 'data' -> 'template' ->> 'pot_id', c -> 'data' -> 'template' -> 'from' ->> 'pot_id')::uuid,
           (c -> 'data' -> 'template' -> 'to' ->> 'account_id')::uuid,
           (c -> 'data' -> 'template' -> 'to' ->> 'pot_id')::uuid, c -> 'data', (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c
    WHERE c ->> 'aggregate_type' = 'plan' AND c ->> 'type' <> 'plan.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET
        is_active = excluded.is_active, account_id = excluded.account_id, pot_id = excluded.pot_id,
        to_account_id = excluded.to_account_id, to_pot_id = excluded.to_pot_id,
        state = excluded.state, version = excluded.version, wake_on = NULL, open_from = NULL, problem = NULL;
    INSERT INTO plan_category (book_id, plan_id, category_id)
    SELECT DISTINCT book, (c ->> 'aggregate_id')::uuid, (s ->> 'category_id')::uuid
    FROM jsonb_array_elements(changes) AS c, jsonb_array_elements(c -> 'data' -> 'template' -> 'splits') AS s
    WHERE c ->> 'aggregate_type' = 'plan' AND c ->> 'type' <> 'plan.deleted' AND s ->> 'category_id' IS NOT NULL;
    DELETE FROM plan_occurrence
    WHERE book_id = book AND plan_id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c WHERE c ->> 'type' = 'plan.deleted'));
    DELETE FROM plan
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c WHERE c ->> 'type' = 'plan.deleted'));
$$
