-- Counters and 15-minute buckets, kept by triggers in the writing transaction (requirement D4): statistics cost the
-- same at ten tasks and at ten million. Fifteen minutes, because every time zone's offset is a multiple of them, so
-- anybody's day and week are whole numbers of buckets.
CREATE TABLE user_counters (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    total bigint NOT NULL DEFAULT 0 CHECK (total >= 0),
    completed bigint NOT NULL DEFAULT 0 CHECK (completed BETWEEN 0 AND total),
    shared_view bigint NOT NULL DEFAULT 0 CHECK (shared_view >= 0),
    shared_edit bigint NOT NULL DEFAULT 0 CHECK (shared_edit >= 0)
) WITH (fillfactor = 50);

-- Integers, because the sum of bigints is a numeric, which takes much longer.
CREATE TABLE activity_buckets (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    starts_at timestamptz NOT NULL,
    created integer NOT NULL CHECK (created >= 0),
    completed integer NOT NULL CHECK (completed >= 0),
    PRIMARY KEY (user_id, starts_at)
) WITH (fillfactor = 70);

CREATE FUNCTION bucket_start(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_bin('15 minutes', at, '2000-01-01 00:00:00+00');

CREATE FUNCTION users_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO user_counters (user_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER users_count AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION users_count();

-- What a statement did to one user's bucket. A task counts once where it was created and, while it is completed,
-- once where it was completed; so the sums over all buckets are the counters.
CREATE TYPE bucket_change AS (user_id uuid, starts_at timestamptz, created bigint, completed bigint);

CREATE FUNCTION apply_bucket_changes(changes bucket_change[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF changes IS NULL THEN
        RETURN;
    END IF;
    -- The counters come first and in one order: writers of one user queue here, and never for each other's buckets.
    PERFORM FROM user_counters WHERE user_id IN (SELECT user_id FROM unnest(changes)) ORDER BY user_id FOR UPDATE;
    -- Only an update: when an account is deleted, its tasks may go after its counters.
    UPDATE user_counters c SET total = c.total + delta.total, completed = c.completed + delta.completed
    FROM (
        SELECT user_id, sum(created) AS total, sum(completed) AS completed FROM unnest(changes) GROUP BY user_id
    ) delta
    WHERE c.user_id = delta.user_id;
    -- Checks run before the conflict does, so what takes away from a bucket (which is then there) goes separately.
    INSERT INTO activity_buckets
    SELECT * FROM unnest(changes) WHERE created >= 0 AND completed >= 0
    ON CONFLICT (user_id, starts_at) DO UPDATE
    SET created = activity_buckets.created + excluded.created,
        completed = activity_buckets.completed + excluded.completed;
    UPDATE activity_buckets b SET created = b.created + c.created, completed = b.completed + c.completed
    FROM unnest(changes) c
    WHERE (c.created < 0 OR c.completed < 0) AND b.user_id = c.user_id AND b.starts_at = c.starts_at;
END
$$;

-- One function for the three events; each has the transition tables that its event has.
CREATE FUNCTION tasks_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changes bucket_change[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, starts_at, sum(created), sum(completed) FROM (
                SELECT user_id, bucket_start(created_at) AS starts_at, 1 AS created, 0 AS completed FROM new_tasks
                UNION ALL SELECT user_id, bucket_start(completed_at), 0, 1 FROM new_tasks WHERE completed_at IS NOT NULL
            ) event GROUP BY user_id, starts_at ORDER BY user_id, starts_at
        ) change;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, starts_at, sum(created), sum(completed) FROM (
                SELECT user_id, bucket_start(created_at) AS starts_at, -1 AS created, 0 AS completed FROM old_tasks
                UNION ALL SELECT user_id, bucket_start(completed_at), 0, -1 FROM old_tasks WHERE completed_at IS NOT NULL
            ) event GROUP BY user_id, starts_at ORDER BY user_id, starts_at
        ) change;
    ELSE
        -- Neither the owner nor the creation of a task ever changes: the application's role may not write them.
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, starts_at, 0, sum(completed) FROM (
                SELECT user_id, bucket_start(completed_at) AS starts_at, 1 AS completed
                FROM new_tasks WHERE completed_at IS NOT NULL
                UNION ALL SELECT user_id, bucket_start(completed_at), -1
                FROM old_tasks WHERE completed_at IS NOT NULL
            ) event GROUP BY user_id, starts_at HAVING sum(completed) <> 0 ORDER BY user_id, starts_at
        ) change;
    END IF;
    PERFORM apply_bucket_changes(changes);
    RETURN NULL;
END
$$;
CREATE TRIGGER tasks_count_insert AFTER INSERT ON tasks
    REFERENCING NEW TABLE AS new_tasks FOR EACH STATEMENT EXECUTE FUNCTION tasks_count();
CREATE TRIGGER tasks_count_update AFTER UPDATE ON tasks
    REFERENCING OLD TABLE AS old_tasks NEW TABLE AS new_tasks FOR EACH STATEMENT EXECUTE FUNCTION tasks_count();
CREATE TRIGGER tasks_count_delete AFTER DELETE ON tasks
    REFERENCING OLD TABLE AS old_tasks FOR EACH STATEMENT EXECUTE FUNCTION tasks_count();

-- Shares come and go one by one, so a row at a time is enough.
CREATE FUNCTION task_shares_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE user_counters SET
            shared_view = shared_view - (OLD.permission = 'view')::int,
            shared_edit = shared_edit - (OLD.permission = 'edit')::int
        WHERE user_id = OLD.user_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE user_counters SET
            shared_view = shared_view + (NEW.permission = 'view')::int,
            shared_edit = shared_edit + (NEW.permission = 'edit')::int
        WHERE user_id = NEW.user_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_shares_count AFTER INSERT OR UPDATE OR DELETE ON task_shares
    FOR EACH ROW EXECUTE FUNCTION task_shares_count();

-- The same numbers counted anew. What it returns are faults; the tests and `taskwire` itself expect none.
CREATE FUNCTION counter_faults() RETURNS TABLE (user_id uuid, kept text, counted text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH counted AS (
        SELECT u.id AS user_id,
            (SELECT count(*) FROM tasks t WHERE t.user_id = u.id) AS total,
            (SELECT count(*) FROM tasks t WHERE t.user_id = u.id AND t.status = 'completed') AS completed,
            (SELECT count(*) FROM task_shares s WHERE s.user_id = u.id AND s.permission = 'view') AS shared_view,
            (SELECT count(*) FROM task_shares s WHERE s.user_id = u.id AND s.permission = 'edit') AS shared_edit
        FROM users u
    ), events AS (
        SELECT t.user_id, bucket_start(t.created_at) AS starts_at, 1 AS created, 0 AS completed FROM tasks t
        UNION ALL
        SELECT t.user_id, bucket_start(t.completed_at), 0, 1 FROM tasks t WHERE t.completed_at IS NOT NULL
    ), buckets AS (
        SELECT e.user_id, e.starts_at, sum(e.created) AS created, sum(e.completed) AS completed
        FROM events e GROUP BY e.user_id, e.starts_at
    )
    SELECT user_id, kept::text, counted::text
    FROM user_counters kept FULL JOIN counted USING (user_id)
    WHERE (kept.total, kept.completed, kept.shared_view, kept.shared_edit)
        IS DISTINCT FROM (counted.total, counted.completed, counted.shared_view, counted.shared_edit)
    UNION ALL
    SELECT user_id, kept::text, buckets::text
    FROM (SELECT * FROM activity_buckets b WHERE b.created > 0 OR b.completed > 0) kept
        FULL JOIN buckets USING (user_id, starts_at)
    WHERE (kept.created, kept.completed) IS DISTINCT FROM (buckets.created, buckets.completed)
$$;
