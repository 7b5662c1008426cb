-- The database itself refuses rows of others (requirement I1). Forced, so that it holds for the tables' owner too.
--
-- The identity is a setting that lives as long as the transaction; without one every table is empty.
CREATE FUNCTION app_user_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.user_id', true), '')::uuid;

-- The one way in: sets the identity and refuses a session that has ended or expired. The arguments come from a
-- verified token. The last use is written at most every five minutes, so that reading stays reading.
CREATE FUNCTION scope_open(p_user uuid, p_session uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    seen timestamptz;
BEGIN
    PERFORM set_config('app.user_id', p_user::text, true);
    SELECT last_seen_at INTO seen FROM sessions
    WHERE id = p_session AND user_id = p_user AND ended_at IS NULL AND expires_at > p_now;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the session has ended' USING ERRCODE = 'TW401';
    END IF;
    IF seen < p_now - interval '5 minutes' THEN
        -- Asked again, for the request that came at the same moment and was first.
        UPDATE sessions SET last_seen_at = p_now WHERE id = p_session AND last_seen_at < p_now - interval '5 minutes';
    END IF;
END
$$;

-- The viewer's teams in which they have one of these roles. Definer, because a policy on team_members that reads
-- team_members would call itself.
CREATE FUNCTION app_team_ids(roles text[]) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
RETURN ARRAY(SELECT team_id FROM team_members WHERE user_id = app_user_id() AND role = ANY (roles));

-- `(SELECT f())` instead of `f()` throughout: evaluated once a query instead of once a row.

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON users TO taskwire_app USING (id = (SELECT app_user_id()));
-- The hash leaves the database through account_for_sign_in alone.
GRANT SELECT (id, email, name, time_zone, created_at), INSERT, UPDATE (name, time_zone, password_hash) ON users TO taskwire_app;

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON sessions TO taskwire_app USING (user_id = (SELECT app_user_id()));
GRANT SELECT, INSERT, UPDATE (last_seen_at, ended_at) ON sessions TO taskwire_app;

ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams FORCE ROW LEVEL SECURITY;
CREATE POLICY members ON teams FOR SELECT TO taskwire_app
    USING (id = ANY ((SELECT app_team_ids('{owner,admin,member,viewer}'))::uuid[]));
CREATE POLICY definer ON teams TO taskwire_owner USING (true);
GRANT SELECT ON teams TO taskwire_app, taskwire_owner;

ALTER TABLE team_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE team_members FORCE ROW LEVEL SECURITY;
CREATE POLICY members ON team_members FOR SELECT TO taskwire_app USING (
    user_id = (SELECT app_user_id())
    OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member,viewer}'))::uuid[])
);
CREATE POLICY definer ON team_members TO taskwire_owner USING (true);
GRANT SELECT ON team_members TO taskwire_app, taskwire_owner;

ALTER TABLE task_shares ENABLE ROW LEVEL SECURITY;
ALTER TABLE task_shares FORCE ROW LEVEL SECURITY;
CREATE POLICY shared ON task_shares FOR SELECT TO taskwire_app
    USING (user_id = (SELECT app_user_id()) OR owner_id = (SELECT app_user_id()));
CREATE POLICY share ON task_shares FOR INSERT TO taskwire_app WITH CHECK (owner_id = (SELECT app_user_id()));
CREATE POLICY change ON task_shares FOR UPDATE TO taskwire_app USING (owner_id = (SELECT app_user_id()));
CREATE POLICY revoke ON task_shares FOR DELETE TO taskwire_app USING (owner_id = (SELECT app_user_id()));
GRANT SELECT, INSERT, DELETE, UPDATE (permission) ON task_shares TO taskwire_app;

ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasks FORCE ROW LEVEL SECURITY;
CREATE POLICY visible ON tasks FOR SELECT TO taskwire_app USING (
    user_id = (SELECT app_user_id())
    OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member,viewer}'))::uuid[])
    OR id IN (SELECT task_id FROM task_shares WHERE task_shares.user_id = (SELECT app_user_id()))
);
CREATE POLICY creating ON tasks FOR INSERT TO taskwire_app WITH CHECK (
    user_id = (SELECT app_user_id())
    AND (team_id IS NULL OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member}'))::uuid[]))
);
CREATE POLICY editing ON tasks FOR UPDATE TO taskwire_app USING (
    (
        user_id = (SELECT app_user_id())
        AND (team_id IS NULL OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member}'))::uuid[]))
    )
    OR team_id = ANY ((SELECT app_team_ids('{owner,admin}'))::uuid[])
    OR id IN (
        SELECT task_id FROM task_shares
        WHERE task_shares.user_id = (SELECT app_user_id()) AND permission = 'edit'
    )
);
CREATE POLICY deleting ON tasks FOR DELETE TO taskwire_app USING (
    (
        user_id = (SELECT app_user_id())
        AND (team_id IS NULL OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member}'))::uuid[]))
    )
    OR team_id = ANY ((SELECT app_team_ids('{owner,admin}'))::uuid[])
);
-- Whose a task is and when it was made never change.
GRANT SELECT, INSERT, DELETE,
    UPDATE (title, description, status, version, updated_at, completed_at) ON tasks TO taskwire_app;

ALTER TABLE deleted_tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE deleted_tasks FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON deleted_tasks TO taskwire_app USING (user_id = (SELECT app_user_id()));
GRANT SELECT, INSERT, DELETE ON deleted_tasks TO taskwire_app;

ALTER TABLE deleted_task_shares ENABLE ROW LEVEL SECURITY;
ALTER TABLE deleted_task_shares FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON deleted_task_shares TO taskwire_app USING (owner_id = (SELECT app_user_id()));
GRANT SELECT, INSERT, DELETE ON deleted_task_shares TO taskwire_app;

ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversations FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON conversations TO taskwire_app USING (user_id = (SELECT app_user_id()));
GRANT SELECT, INSERT, DELETE, UPDATE (title, updated_at) ON conversations TO taskwire_app;

ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON messages TO taskwire_app USING (user_id = (SELECT app_user_id()));
GRANT SELECT, INSERT ON messages TO taskwire_app;

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY reading ON audit_log FOR SELECT TO taskwire_app USING (
    account_id = (SELECT app_user_id())
    OR team_id = ANY ((SELECT app_team_ids('{owner,admin}'))::uuid[])
);
CREATE POLICY writing ON audit_log FOR INSERT TO taskwire_app WITH CHECK (actor_id = (SELECT app_user_id()));
CREATE POLICY definer ON audit_log FOR INSERT TO taskwire_owner WITH CHECK (actor_id IS NULL);
GRANT SELECT, INSERT ON audit_log TO taskwire_app;
GRANT INSERT ON audit_log TO taskwire_owner;

ALTER TABLE user_counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_counters FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON user_counters FOR SELECT TO taskwire_app USING (user_id = (SELECT app_user_id()));
CREATE POLICY definer ON user_counters TO taskwire_owner USING (true);
GRANT SELECT ON user_counters TO taskwire_app;
GRANT SELECT, INSERT, UPDATE ON user_counters TO taskwire_owner;

ALTER TABLE activity_buckets ENABLE ROW LEVEL SECURITY;
ALTER TABLE activity_buckets FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON activity_buckets FOR SELECT TO taskwire_app USING (user_id = (SELECT app_user_id()));
CREATE POLICY definer ON activity_buckets TO taskwire_owner USING (true);
GRANT SELECT ON activity_buckets TO taskwire_app;
GRANT SELECT, INSERT, UPDATE ON activity_buckets TO taskwire_owner;
