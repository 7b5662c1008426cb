-- Who shares, deletes and brings back tasks, their own and those of teams they run (requirements S2, S3).

-- Whether the viewer may delete and share a task with this owner and team. Called for single rows; the policies that
-- long lists pass through say it in their own words, evaluated once a query.
CREATE FUNCTION app_manages(p_owner uuid, p_team uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp
RETURN (p_owner = app_user_id() AND (p_team IS NULL OR p_team = ANY (app_team_ids('{owner,admin,member}'))))
    OR p_team = ANY (app_team_ids('{owner,admin}'));

-- Definer, because the policy on tasks reads task_shares, so that one on task_shares cannot read tasks.
CREATE FUNCTION app_may_share(p_task bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
RETURN EXISTS (SELECT FROM tasks WHERE id = p_task AND app_manages(user_id, team_id));

DROP POLICY shared ON task_shares;
DROP POLICY share ON task_shares;
DROP POLICY change ON task_shares;
DROP POLICY revoke ON task_shares;
CREATE POLICY seeing ON task_shares FOR SELECT TO taskwire_app
    USING (user_id = (SELECT app_user_id()) OR app_may_share(task_id));
CREATE POLICY giving ON task_shares FOR INSERT TO taskwire_app WITH CHECK (app_may_share(task_id));
CREATE POLICY changing ON task_shares FOR UPDATE TO taskwire_app USING (app_may_share(task_id));
-- Whoever was given a share may give it back.
CREATE POLICY revoking ON task_shares FOR DELETE TO taskwire_app
    USING (user_id = (SELECT app_user_id()) OR app_may_share(task_id));

-- What the viewer shares, newest task first.
DROP INDEX task_shares_by;
CREATE INDEX task_shares_by ON task_shares (owner_id, task_id DESC);

-- Whoever may delete a task may bring it back, with the shares that it had.
DROP POLICY own ON deleted_tasks;
CREATE POLICY managing ON deleted_tasks TO taskwire_app USING (app_manages(user_id, team_id));
DROP POLICY own ON deleted_task_shares;
CREATE POLICY keeping ON deleted_task_shares FOR INSERT TO taskwire_app WITH CHECK (app_may_share(task_id));
CREATE POLICY seeing ON deleted_task_shares FOR SELECT TO taskwire_app
    USING (EXISTS (SELECT FROM deleted_tasks WHERE deleted_tasks.id = task_id));
-- Nobody makes a task in another's name, except to bring back what was theirs.
DROP POLICY creating ON tasks;
CREATE POLICY creating ON tasks FOR INSERT TO taskwire_app WITH CHECK (
    (
        user_id = (SELECT app_user_id())
        AND (team_id IS NULL OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member}'))::uuid[]))
    )
    OR (
        team_id = ANY ((SELECT app_team_ids('{owner,admin}'))::uuid[])
        AND EXISTS (
            SELECT FROM deleted_tasks gone
            WHERE gone.id = tasks.id AND gone.user_id = tasks.user_id AND gone.team_id = tasks.team_id
        )
    )
);

-- How many tasks are shared with a person. A table of its own, because whatever deletes or restores a shared task locks
-- its owner's counters and those of the people who had it: those of tasks first, then these, so that no two wait for each other.
CREATE TABLE share_counters (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    view bigint NOT NULL DEFAULT 0 CHECK (view >= 0),
    edit bigint NOT NULL DEFAULT 0 CHECK (edit >= 0)
) WITH (fillfactor = 50);
-- A login that may not bypass row-level security would find the old table empty.
ALTER TABLE user_counters NO FORCE ROW LEVEL SECURITY;
INSERT INTO share_counters SELECT user_id, shared_view, shared_edit FROM user_counters;
ALTER TABLE user_counters FORCE ROW LEVEL SECURITY;
ALTER TABLE user_counters DROP COLUMN shared_view, DROP COLUMN shared_edit;

ALTER TABLE share_counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE share_counters FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON share_counters FOR SELECT TO taskwire_app USING (user_id = (SELECT app_user_id()));
CREATE POLICY definer ON share_counters TO taskwire_owner USING (true);
GRANT SELECT ON share_counters TO taskwire_app;
GRANT SELECT, INSERT, UPDATE ON share_counters TO taskwire_owner;

CREATE OR REPLACE FUNCTION users_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO user_counters (user_id) VALUES (NEW.id);
    INSERT INTO share_counters (user_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;

-- What a statement did to the shares of one person.
CREATE TYPE share_change AS (user_id uuid, view bigint, edit bigint);

DROP TRIGGER task_shares_count ON task_shares;
CREATE OR REPLACE FUNCTION task_shares_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changes share_change[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, count(*) FILTER (WHERE permission = 'view'), count(*) FILTER (WHERE permission = 'edit')
            FROM new_shares GROUP BY user_id
        ) change;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, -count(*) FILTER (WHERE permission = 'view'), -count(*) FILTER (WHERE permission = 'edit')
            FROM old_shares GROUP BY user_id
        ) change;
    ELSE
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, sum((permission = 'view')::integer * sign), sum((permission = 'edit')::integer * sign)
            FROM (SELECT *, 1 AS sign FROM new_shares UNION ALL SELECT *, -1 FROM old_shares) share
            GROUP BY user_id
        ) change;
    END IF;
    -- In one order, so that two statements about the same people queue instead of blocking each other.
    PERFORM FROM share_counters WHERE user_id IN (SELECT user_id FROM unnest(changes)) ORDER BY user_id FOR UPDATE;
    -- Only an update: when an account is deleted, its shares may go after its counters.
    UPDATE share_counters c SET view = c.view + change.view, edit = c.edit + change.edit
    FROM unnest(changes) change WHERE c.user_id = change.user_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_shares_count_insert AFTER INSERT ON task_shares
    REFERENCING NEW TABLE AS new_shares FOR EACH STATEMENT EXECUTE FUNCTION task_shares_count();
CREATE TRIGGER task_shares_count_update AFTER UPDATE ON task_shares
    REFERENCING OLD TABLE AS old_shares NEW TABLE AS new_shares FOR EACH STATEMENT EXECUTE FUNCTION task_shares_count();
CREATE TRIGGER task_shares_count_delete AFTER DELETE ON task_shares
    REFERENCING OLD TABLE AS old_shares FOR EACH STATEMENT EXECUTE FUNCTION task_shares_count();

-- A deleted task's shares go before tasks_count() runs.
CREATE FUNCTION tasks_lock_counters() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM user_counters WHERE user_id = OLD.user_id FOR UPDATE;
    RETURN OLD;
END
$$;
CREATE TRIGGER tasks_lock_counters BEFORE DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION tasks_lock_counters();

CREATE OR REPLACE FUNCTION counter_faults() RETURNS TABLE (user_id uuid, kept text, counted text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH counted AS (
        SELECT u.id AS user_id,
            (SELECT count(*) FROM tasks t WHERE t.user_id = u.id) AS total,
            (SELECT count(*) FROM tasks t WHERE t.user_id = u.id AND t.status = 'completed') AS completed,
            (SELECT count(*) FROM task_shares s WHERE s.user_id = u.id AND s.permission = 'view') AS view,
            (SELECT count(*) FROM task_shares s WHERE s.user_id = u.id AND s.permission = 'edit') AS edit
        FROM users u
    ), kept_counters AS (
        SELECT * FROM user_counters FULL JOIN share_counters USING (user_id)
    ), events AS (
        SELECT t.user_id, bucket_start(t.created_at) AS starts_at, 1 AS created, 0 AS completed FROM tasks t
        UNION ALL
        SELECT t.user_id, bucket_start(t.completed_at), 0, 1 FROM tasks t WHERE t.completed_at IS NOT NULL
    ), buckets AS (
        SELECT e.user_id, e.starts_at, sum(e.created) AS created, sum(e.completed) AS completed
        FROM events e GROUP BY e.user_id, e.starts_at
    )
    SELECT user_id, kept::text, counted::text
    FROM kept_counters kept FULL JOIN counted USING (user_id)
    WHERE (kept.total, kept.completed, kept.view, kept.edit)
        IS DISTINCT FROM (counted.total, counted.completed, counted.view, counted.edit)
    UNION ALL
    SELECT user_id, kept::text, buckets::text
    FROM (SELECT * FROM activity_buckets b WHERE b.created > 0 OR b.completed > 0) kept
        FULL JOIN buckets USING (user_id, starts_at)
    WHERE (kept.created, kept.completed) IS DISTINCT FROM (buckets.created, buckets.completed)
$$;

-- The dashboard in one call: checks the session, sets the identity, reads. The zone is the account's, else p_zone; it
-- is UTC without p_zone, for when Postgres knows neither. Rows read: two of counters, at most 672 of buckets (a week of
-- quarters of an hour), five tasks for each status, the viewer's teams.
CREATE OR REPLACE FUNCTION dashboard_read(p_user uuid, p_session uuid, p_now timestamptz, p_zone text)
RETURNS TABLE (
    utc_offset integer, pending bigint, completed bigint, shared_view bigint, shared_edit bigint,
    created_today bigint, completed_today bigint, created_this_week bigint, completed_this_week bigint,
    recent jsonb, teams jsonb
)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    zone text;
    day timestamptz;
BEGIN
    PERFORM scope_open(p_user, p_session, p_now);
    SELECT CASE WHEN p_zone IS NULL THEN 'UTC' ELSE coalesce(time_zone, p_zone) END INTO zone
    FROM users WHERE id = p_user;
    day := date_trunc('day', p_now, zone);
    RETURN QUERY
    SELECT
        extract(epoch FROM (p_now AT TIME ZONE zone) - (p_now AT TIME ZONE 'UTC'))::integer,
        c.total - c.completed, c.completed, s.view, s.edit,
        a.created_today, a.completed_today, a.created_this_week, a.completed_this_week,
        r.recent, t.teams
    FROM user_counters c
    JOIN share_counters s ON s.user_id = c.user_id
    CROSS JOIN (
        SELECT
            coalesce(sum(b.created) FILTER (WHERE b.starts_at >= day), 0) AS created_today,
            coalesce(sum(b.completed) FILTER (WHERE b.starts_at >= day), 0) AS completed_today,
            coalesce(sum(b.created), 0) AS created_this_week,
            coalesce(sum(b.completed), 0) AS completed_this_week
        FROM activity_buckets b
        WHERE b.user_id = p_user AND b.starts_at >= date_trunc('week', p_now, zone)
    ) a
    CROSS JOIN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'id', recent_task.id, 'title', recent_task.title, 'status', recent_task.status,
            -- To the second: microseconds would only make the answer longer.
            'updated_at', date_trunc('second', recent_task.updated_at)
        ) ORDER BY recent_task.updated_at DESC, recent_task.id DESC), '[]') AS recent
        FROM (
            SELECT task.* FROM unnest('{pending,completed}'::text[]) AS wanted (status)
            CROSS JOIN LATERAL (
                SELECT tasks.id, tasks.title, tasks.status, tasks.updated_at
                FROM tasks WHERE tasks.user_id = p_user AND tasks.status = wanted.status
                ORDER BY tasks.updated_at DESC, tasks.id DESC LIMIT 5
            ) task
            ORDER BY task.updated_at DESC, task.id DESC LIMIT 5
        ) recent_task
    ) r
    CROSS JOIN (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', team.id, 'name', team.name, 'role', m.role)
            ORDER BY lower(team.name)), '[]') AS teams
        FROM team_members m JOIN teams team ON team.id = m.team_id
        WHERE m.user_id = p_user
    ) t
    WHERE c.user_id = p_user;
END
$$;

ALTER FUNCTION app_may_share(bigint) OWNER TO taskwire_owner;
ALTER FUNCTION tasks_lock_counters() OWNER TO taskwire_owner;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_manages(uuid, uuid), app_may_share(bigint) TO taskwire_app, taskwire_owner;
