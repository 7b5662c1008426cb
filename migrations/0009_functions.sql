-- What must work before there is an identity, the hot reads, and who owns and may call the functions.

-- The account behind an address, for checking its password.
CREATE FUNCTION account_for_sign_in(p_email text)
RETURNS TABLE (id uuid, email text, name text, time_zone text, created_at timestamptz, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, email, name, time_zone, created_at, password_hash FROM users WHERE users.email = p_email
$$;
CREATE POLICY definer ON users FOR SELECT TO taskwire_owner USING (true);
GRANT SELECT ON users TO taskwire_owner;

-- A refused sign-in shows in the log of the account that was tried, if there is one.
CREATE FUNCTION audit_sign_in_failed(p_email text, p_now timestamptz, p_address inet, p_user_agent text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO audit_log (at, account_id, action, target, address, user_agent)
    VALUES (p_now, (SELECT id FROM users WHERE email = p_email), 'account.sign_in_failed', left(p_email, 200),
        p_address, p_user_agent)
$$;

-- The dashboard in one call: checks the session, sets the identity, reads. The zone is the account's, else p_zone; it
-- is UTC without p_zone, for when Postgres knows neither. Rows read: one of counters, at most 672 of buckets (a week of quarters of an hour), five tasks for each
-- status, the viewer's teams.
CREATE FUNCTION dashboard_read(p_user uuid, p_session uuid, p_now timestamptz, p_zone text)
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
    SELECT CASE WHEN p_zone IS NULL THEN 'UTC' ELSE coalesce(time_zone, p_zone) END INTO zone FROM users WHERE id = p_user;
    day := date_trunc('day', p_now, zone);
    RETURN QUERY
    SELECT
        extract(epoch FROM (p_now AT TIME ZONE zone) - (p_now AT TIME ZONE 'UTC'))::integer,
        c.total - c.completed, c.completed, c.shared_view, c.shared_edit,
        a.created_today, a.completed_today, a.created_this_week, a.completed_this_week,
        r.recent, t.teams
    FROM user_counters c
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

-- Definer functions and counting triggers act as taskwire_owner, and only where a policy names it.
ALTER FUNCTION team_has_owner() OWNER TO taskwire_owner;
ALTER FUNCTION users_count() OWNER TO taskwire_owner;
ALTER FUNCTION tasks_count() OWNER TO taskwire_owner;
ALTER FUNCTION task_shares_count() OWNER TO taskwire_owner;
ALTER FUNCTION app_team_ids(text[]) OWNER TO taskwire_owner;
ALTER FUNCTION account_for_sign_in(text) OWNER TO taskwire_owner;
ALTER FUNCTION audit_sign_in_failed(text, timestamptz, inet, text) OWNER TO taskwire_owner;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_user_id(), app_team_ids(text[]), bucket_start(timestamptz) TO taskwire_app, taskwire_owner;
GRANT EXECUTE ON FUNCTION apply_bucket_changes(bucket_change[]) TO taskwire_owner;
GRANT EXECUTE ON FUNCTION
    scope_open(uuid, uuid, timestamptz),
    dashboard_read(uuid, uuid, timestamptz, text),
    account_for_sign_in(text),
    audit_sign_in_failed(text, timestamptz, inet, text)
TO taskwire_app;
