-- People who are known to each other, and those who have not signed up yet (requirements S1, S3).

-- Whether the viewer has to do with somebody: as a team-mate, by a task that one shares with the other, or because they
-- have a task of a team that the viewer runs. Definer, so that the question does not pass the policies of three tables
-- for each row.
CREATE FUNCTION app_knows(p_user uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
RETURN
    EXISTS (
        SELECT FROM team_members mine JOIN team_members theirs ON theirs.team_id = mine.team_id
        WHERE mine.user_id = app_user_id() AND theirs.user_id = p_user
    )
    OR EXISTS (SELECT FROM task_shares WHERE user_id = p_user AND owner_id = app_user_id())
    OR EXISTS (SELECT FROM task_shares WHERE user_id = app_user_id() AND owner_id = p_user)
    OR EXISTS (
        SELECT FROM task_shares share
        JOIN tasks task ON task.id = share.task_id
        JOIN team_members mine ON mine.team_id = task.team_id
        WHERE share.user_id = p_user AND mine.user_id = app_user_id() AND mine.role IN ('owner', 'admin')
    );
CREATE POLICY known ON users FOR SELECT TO taskwire_app USING (app_knows(id));

CREATE TABLE team_invitations (
    team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
    email text NOT NULL CHECK (email = lower(email) AND char_length(email) BETWEEN 3 AND 254),
    role text NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, email)
);
CREATE INDEX team_invitations_email ON team_invitations (email);

CREATE TABLE share_invitations (
    task_id bigint NOT NULL,
    owner_id uuid NOT NULL,
    email text NOT NULL CHECK (email = lower(email) AND char_length(email) BETWEEN 3 AND 254),
    permission text NOT NULL CHECK (permission IN ('view', 'edit')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (task_id, email),
    CONSTRAINT share_invitations_task FOREIGN KEY (task_id, owner_id) REFERENCES tasks (id, user_id)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX share_invitations_email ON share_invitations (email);
CREATE INDEX share_invitations_by ON share_invitations (owner_id, task_id DESC);

-- The invitations of a deleted task, which come back with it.
CREATE TABLE deleted_share_invitations (
    task_id bigint NOT NULL,
    owner_id uuid NOT NULL,
    email text NOT NULL,
    permission text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (task_id, email),
    CONSTRAINT deleted_share_invitations_task FOREIGN KEY (task_id, owner_id) REFERENCES deleted_tasks (id, user_id)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX deleted_share_invitations_email ON deleted_share_invitations (email);

ALTER TABLE team_invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE team_invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY seeing ON team_invitations FOR SELECT TO taskwire_app
    USING (team_id = ANY ((SELECT app_team_ids('{owner,admin}'))::uuid[]));
CREATE POLICY inviting ON team_invitations FOR INSERT TO taskwire_app WITH CHECK (
    team_id = ANY ((SELECT app_team_ids('{owner}'))::uuid[])
    OR (role IN ('member', 'viewer') AND team_id = ANY ((SELECT app_team_ids('{admin}'))::uuid[]))
);
CREATE POLICY changing ON team_invitations FOR UPDATE TO taskwire_app
    USING (team_id = ANY ((SELECT app_team_ids('{owner,admin}'))::uuid[]))
    WITH CHECK (
        team_id = ANY ((SELECT app_team_ids('{owner}'))::uuid[])
        OR (role IN ('member', 'viewer') AND team_id = ANY ((SELECT app_team_ids('{admin}'))::uuid[]))
    );
CREATE POLICY revoking ON team_invitations FOR DELETE TO taskwire_app
    USING (team_id = ANY ((SELECT app_team_ids('{owner,admin}'))::uuid[]));
CREATE POLICY definer ON team_invitations TO taskwire_owner USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (role) ON team_invitations TO taskwire_app;
GRANT SELECT, DELETE ON team_invitations TO taskwire_owner;

ALTER TABLE share_invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE share_invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY managing ON share_invitations TO taskwire_app USING (app_may_share(task_id));
CREATE POLICY definer ON share_invitations TO taskwire_owner USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (permission) ON share_invitations TO taskwire_app;
GRANT SELECT, DELETE ON share_invitations TO taskwire_owner;

ALTER TABLE deleted_share_invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE deleted_share_invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY keeping ON deleted_share_invitations FOR INSERT TO taskwire_app WITH CHECK (app_may_share(task_id));
CREATE POLICY seeing ON deleted_share_invitations FOR SELECT TO taskwire_app
    USING (EXISTS (SELECT FROM deleted_tasks WHERE deleted_tasks.id = task_id));
CREATE POLICY definer ON deleted_share_invitations TO taskwire_owner USING (true);
GRANT SELECT, INSERT ON deleted_share_invitations TO taskwire_app;
GRANT SELECT, DELETE ON deleted_share_invitations TO taskwire_owner;

-- Whose an address is, for adding them to a team or sharing with them; NULL for nobody's. Whoever asks and whoever signs
-- up with the address at that moment queue here, so that no invitation is made for somebody who is there already.
CREATE FUNCTION account_by_email(p_email text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('email:' || p_email, 0));
    RETURN (SELECT id FROM users WHERE email = p_email);
END
$$;

-- Somebody signs up who was invited.
CREATE FUNCTION users_join() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM account_by_email(NEW.email);
    -- A team or a task that is being deleted at this moment is waited for, and then takes its invitations along.
    PERFORM FROM teams WHERE id IN (SELECT team_id FROM team_invitations WHERE email = NEW.email)
    ORDER BY id FOR KEY SHARE;
    PERFORM FROM tasks WHERE id IN (SELECT task_id FROM share_invitations WHERE email = NEW.email)
    ORDER BY id FOR KEY SHARE;
    -- Taken rather than read, so that one which is taken back at this moment does not count.
    WITH taken AS (
        DELETE FROM team_invitations WHERE email = NEW.email RETURNING team_id, role
    ), noted AS (
        INSERT INTO audit_log (at, actor_id, account_id, team_id, action, target)
        SELECT NEW.created_at, NEW.id, NEW.id, team_id, 'team.join', NEW.email FROM taken
    )
    INSERT INTO team_members (team_id, user_id, role, created_at)
    SELECT team_id, NEW.id, role, NEW.created_at FROM taken;
    WITH taken AS (
        DELETE FROM share_invitations WHERE email = NEW.email RETURNING task_id, owner_id, permission
    )
    INSERT INTO task_shares (task_id, owner_id, user_id, permission, created_at)
    SELECT task_id, owner_id, NEW.id, permission, NEW.created_at FROM taken;
    WITH taken AS (
        DELETE FROM deleted_share_invitations WHERE email = NEW.email RETURNING task_id, owner_id, permission
    )
    INSERT INTO deleted_task_shares (task_id, owner_id, user_id, permission, created_at)
    SELECT task_id, owner_id, NEW.id, permission, NEW.created_at FROM taken;
    RETURN NULL;
END
$$;
-- After users_count, whose counters it needs: triggers fire in the order of their names.
CREATE TRIGGER users_join AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION users_join();
GRANT INSERT ON team_members, task_shares, deleted_task_shares TO taskwire_owner;
-- What locking a row takes.
GRANT UPDATE (version) ON teams TO taskwire_owner;
DROP POLICY definer ON audit_log;
CREATE POLICY definer ON audit_log FOR INSERT TO taskwire_owner WITH CHECK (true);

ALTER FUNCTION app_knows(uuid) OWNER TO taskwire_owner;
ALTER FUNCTION account_by_email(text) OWNER TO taskwire_owner;
ALTER FUNCTION users_join() OWNER TO taskwire_owner;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_knows(uuid) TO taskwire_app;
GRANT EXECUTE ON FUNCTION account_by_email(text) TO taskwire_app, taskwire_owner;
