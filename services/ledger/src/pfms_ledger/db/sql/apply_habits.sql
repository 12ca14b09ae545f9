-- Rows of habits and of their logs from their events' data.
CREATE OR REPLACE FUNCTION apply_habits(book uuid, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO habit (book_id, id, name, unit_cost_minor, currency, icon, target_reduction, is_active, note, version)
    SELECT book, d.id, d.name, d.unit_cost_minor, d.currency, d.icon, d.target_reduction, d.is_active, d.note,
           (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, name text, unit_cost_minor bigint, currency text, icon text,
             target_reduction int, is_active boolean, note text)
    WHERE c ->> 'aggregate_type' = 'habit' AND c ->> 'type' <> 'habit.deleted'
    ON CONFLICT (book_id, id) DO UPDATE SET
        name = excluded.name, unit_cost_minor = excluded.unit_cost_minor, icon = excluded.icon,
        target_reduction = excluded.target_reduction, is_active = excluded.is_active, note = excluded.note,
        version = excluded.version;
    INSERT INTO habit_log (book_id, id, habit_id, date, time, quantity, cost_minor, note, transaction_id, version)
    SELECT book, d.id, d.habit_id, d.date, d.time, d.quantity, d.cost_minor, d.note, d.transaction_id,
           (c ->> 'aggregate_version')::bigint
    FROM jsonb_array_elements(changes) AS c,
         jsonb_to_record(c -> 'data') AS d (id uuid, habit_id uuid, date date, time text, quantity text,
             cost_minor bigint, note text, transaction_id uuid)
    WHERE c ->> 'type' = 'habit.logged'
    ON CONFLICT (book_id, id) DO UPDATE SET
        date = excluded.date, time = excluded.time, quantity = excluded.quantity, cost_minor = excluded.cost_minor,
        note = excluded.note, transaction_id = excluded.transaction_id, version = excluded.version;
    DELETE FROM habit_log
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c
        WHERE c ->> 'type' = 'habit_log.deleted'));
    DELETE FROM habit
    WHERE book_id = book AND id = ANY (ARRAY(
        SELECT (c ->> 'aggregate_id')::uuid FROM jsonb_array_elements(changes) AS c WHERE c ->> 'type' = 'habit.deleted'));
$$
