-- What members may do with their team, as the table in domain/src/rights.rs says it (requirements S1, S2).
--
-- Whatever is in a team belongs to one of its members. Whoever leaves hands their tasks there to the owner, so that
-- nobody keeps sight of a team's work by having begun it, and a person's counters count what they see.

-- The later of two writers is told.
ALTER TABLE teams ADD COLUMN version integer NOT NULL DEFAULT 1;

-- Checked at the end of the statement instead of row by row, so that one statement can hand a team over.
DROP INDEX team_members_one_owner;
ALTER TABLE team_members ADD CONSTRAINT team_members_one_owner
    EXCLUDE USING btree (team_id WITH =) WHERE (role = 'owner') DEFERRABLE INITIALLY IMMEDIATE;

-- Deferred to the commit: the same transaction may still hand the tasks over. Whichever of a new task and its maker's
-- departure commits last is refused.
ALTER TABLE tasks ADD CONSTRAINT tasks_team_member
    FOREIGN KEY (team_id, user_id) REFERENCES team_members (team_id, user_id) DEFERRABLE INITIALLY DEFERRED;

-- Shares follow their task to its new owner.
ALTER TABLE task_shares DROP CONSTRAINT task_shares_task_id_owner_id_fkey,
    ADD CONSTRAINT task_shares_task FOREIGN KEY (task_id, owner_id) REFERENCES tasks (id, user_id)
        ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE deleted_task_shares DROP CONSTRAINT deleted_task_shares_task_id_owner_id_fkey,
    ADD CONSTRAINT deleted_task_shares_task FOREIGN KEY (task_id, owner_id) REFERENCES deleted_tasks (id, user_id)
        ON UPDATE CASCADE ON DELETE CASCADE;

CREATE FUNCTION team_member_leaves() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    heir uuid := (SELECT user_id FROM team_members WHERE team_id = OLD.team_id AND role = 'owner');
BEGIN
    -- Without an owner the team itself is going, and its tasks stay with the people whose they are (S5).
    IF heir IS NULL THEN
        RETURN NULL;
    END IF;
    -- First the tasks, then their counters, then those of shares: in the order in which everybody locks them.
    PERFORM FROM tasks WHERE team_id = OLD.team_id AND user_id = OLD.user_id ORDER BY id FOR UPDATE;
    PERFORM FROM user_counters WHERE user_id IN (OLD.user_id, heir) ORDER BY user_id FOR UPDATE;
    -- Nobody shares a task with themselves.
    DELETE FROM task_shares share USING tasks task
    WHERE task.team_id = OLD.team_id AND task.user_id = OLD.user_id
        AND share.task_id = task.id AND share.user_id = heir;
    DELETE FROM deleted_task_shares share USING deleted_tasks task
    WHERE task.team_id = OLD.team_id AND task.user_id = OLD.user_id
        AND share.task_id = task.id AND share.user_id = heir;
    UPDATE tasks SET user_id = heir, creation_key = NULL WHERE team_id = OLD.team_id AND user_id = OLD.user_id;
    UPDATE deleted_tasks SET user_id = heir WHERE team_id = OLD.team_id AND user_id = OLD.user_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER team_member_leaves AFTER DELETE ON team_members FOR EACH ROW EXECUTE FUNCTION team_member_leaves();

-- Tasks may have another owner after an update; those who do not change cancel each other out.
CREATE OR REPLACE FUNCTION tasks_count() RETURNS trigger
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
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, starts_at, sum(created), sum(completed) FROM (
                SELECT user_id, bucket_start(created_at) AS starts_at, 1 AS created, 0 AS completed FROM new_tasks
                UNION ALL SELECT user_id, bucket_start(created_at), -1, 0 FROM old_tasks
                UNION ALL SELECT user_id, bucket_start(completed_at), 0, 1 FROM new_tasks WHERE completed_at IS NOT NULL
                UNION ALL SELECT user_id, bucket_start(completed_at), 0, -1 FROM old_tasks WHERE completed_at IS NOT NULL
            ) event GROUP BY user_id, starts_at
            HAVING sum(created) <> 0 OR sum(completed) <> 0 ORDER BY user_id, starts_at
        ) change;
    END IF;
    PERFORM apply_bucket_changes(changes);
    RETURN NULL;
END
$$;

-- A team's list in each order, as a person's own list has it.
CREATE INDEX tasks_by_team_creation ON tasks (team_id, status, created_at, id) WHERE team_id IS NOT NULL;
CREATE INDEX tasks_by_team_title ON tasks (team_id, status, title_key, id) WHERE team_id IS NOT NULL;

CREATE POLICY creating ON teams FOR INSERT TO taskwire_app WITH CHECK ((SELECT app_user_id()) IS NOT NULL);
CREATE POLICY editing ON teams FOR UPDATE TO taskwire_app
    USING (id = ANY ((SELECT app_team_ids('{owner,admin}'))::uuid[]));
CREATE POLICY deleting ON teams FOR DELETE TO taskwire_app USING (id = ANY ((SELECT app_team_ids('{owner}'))::uuid[]));
GRANT INSERT (id, name, description, created_at), DELETE, UPDATE (name, description, version) ON teams TO taskwire_app;

-- Definer, because a policy on team_members that reads team_members would call itself.
CREATE FUNCTION app_team_is_empty(p_team uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
RETURN NOT EXISTS (SELECT FROM team_members WHERE team_id = p_team);

CREATE POLICY founding ON team_members FOR INSERT TO taskwire_app
    WITH CHECK (user_id = (SELECT app_user_id()) AND role = 'owner' AND app_team_is_empty(team_id));
CREATE POLICY adding ON team_members FOR INSERT TO taskwire_app WITH CHECK (
    (role <> 'owner' AND team_id = ANY ((SELECT app_team_ids('{owner}'))::uuid[]))
    OR (role IN ('member', 'viewer') AND team_id = ANY ((SELECT app_team_ids('{admin}'))::uuid[]))
);
-- The owner's own role is theirs to give away, in the statement that gives it to another.
CREATE POLICY changing ON team_members FOR UPDATE TO taskwire_app
    USING (
        team_id = ANY ((SELECT app_team_ids('{owner}'))::uuid[])
        OR (role <> 'owner' AND team_id = ANY ((SELECT app_team_ids('{admin}'))::uuid[]))
    )
    WITH CHECK (
        team_id = ANY ((SELECT app_team_ids('{owner}'))::uuid[])
        OR (role IN ('member', 'viewer') AND team_id = ANY ((SELECT app_team_ids('{admin}'))::uuid[]))
    );
CREATE POLICY removing ON team_members FOR DELETE TO taskwire_app USING (
    role <> 'owner'
    AND (user_id = (SELECT app_user_id()) OR team_id = ANY ((SELECT app_team_ids('{owner,admin}'))::uuid[]))
);
GRANT INSERT, DELETE, UPDATE (role) ON team_members TO taskwire_app;

CREATE POLICY definer ON tasks TO taskwire_owner USING (true);
GRANT SELECT, UPDATE (user_id, creation_key) ON tasks TO taskwire_owner;
CREATE POLICY definer ON deleted_tasks TO taskwire_owner USING (true);
GRANT SELECT, UPDATE (user_id) ON deleted_tasks TO taskwire_owner;
CREATE POLICY definer ON task_shares TO taskwire_owner USING (true);
GRANT SELECT, DELETE ON task_shares TO taskwire_owner;
CREATE POLICY definer ON deleted_task_shares TO taskwire_owner USING (true);
GRANT SELECT, DELETE ON deleted_task_shares TO taskwire_owner;

ALTER FUNCTION team_member_leaves() OWNER TO taskwire_owner;
ALTER FUNCTION app_team_is_empty(uuid) OWNER TO taskwire_owner;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_team_is_empty(uuid) TO taskwire_app;
