-- Versions count by themselves, a deleted task is kept, and comes back, exactly as it was, and whoever is deleted leaves
-- their teams first.

-- Takes tables all at once or, after a minute, not at all: requests take them in orders of their own, and whoever holds
-- one while waiting for another would be waited for.
CREATE PROCEDURE take_tables(names text)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    FOR attempt IN 1..3000 LOOP
        BEGIN
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', names);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.02);
        END;
    END LOOP;
    RAISE EXCEPTION 'others use % all the time', names
        USING ERRCODE = 'lock_not_available', HINT = 'Stop what is connected to the database, then start again.';
END
$$;
CALL take_tables('users, teams, tasks, deleted_tasks, deleted_task_shares');

-- Whoever may edit could otherwise leave a version that has no next one.
CREATE FUNCTION version_counts() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$$;
CREATE TRIGGER tasks_version BEFORE UPDATE OF title, description, status ON tasks
FOR EACH ROW EXECUTE FUNCTION version_counts();
CREATE TRIGGER teams_version BEFORE UPDATE OF name, description ON teams
FOR EACH ROW EXECUTE FUNCTION version_counts();
REVOKE UPDATE (version) ON tasks FROM taskwire_app;
REVOKE UPDATE (version) ON teams FROM taskwire_app;

-- A data-only restore keeps the ids that it brings.
DROP TRIGGER new_tasks_draw_ids ON tasks;
CREATE TRIGGER new_tasks_draw_ids BEFORE INSERT ON tasks
FOR EACH ROW WHEN (NEW.version = 1 AND (NEW.id IS NULL OR current_user = 'taskwire_app'))
EXECUTE FUNCTION new_task_draws_id();

DROP POLICY creating ON tasks;
CREATE POLICY creating ON tasks FOR INSERT TO taskwire_app WITH CHECK (
    CASE version WHEN 1 THEN
        user_id = (SELECT app_user_id())
        AND (team_id IS NULL OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member}'))::uuid[]))
    ELSE
        creation_key IS NULL
        AND EXISTS (
            SELECT FROM deleted_tasks gone
            WHERE gone.id = tasks.id
                AND (gone.user_id, gone.team_id, gone.title, gone.description, gone.status, gone.version + 1,
                     gone.created_at, gone.updated_at, gone.completed_at)
                    IS NOT DISTINCT FROM
                    (tasks.user_id, tasks.team_id, tasks.title, tasks.description, tasks.status, tasks.version,
                     tasks.created_at, tasks.updated_at, tasks.completed_at)
        )
    END
);
DROP POLICY keeping ON deleted_tasks;
CREATE POLICY keeping ON deleted_tasks FOR INSERT TO taskwire_app WITH CHECK (
    app_manages(user_id, team_id)
    AND deleted_by = (SELECT app_user_id())
    AND EXISTS (
        SELECT FROM tasks task
        WHERE task.id = deleted_tasks.id
            AND (task.user_id, task.team_id, task.title, task.description, task.status, task.version,
                 task.created_at, task.updated_at, task.completed_at)
                IS NOT DISTINCT FROM
                (deleted_tasks.user_id, deleted_tasks.team_id, deleted_tasks.title, deleted_tasks.description,
                 deleted_tasks.status, deleted_tasks.version, deleted_tasks.created_at, deleted_tasks.updated_at,
                 deleted_tasks.completed_at)
    )
);

-- Whoever gives a share back at the moment of the deletion is told, but is shown nothing of what is kept.
DROP POLICY theirs ON deleted_task_shares;
CREATE FUNCTION app_share_is_kept(p_task bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
RETURN EXISTS (SELECT FROM deleted_task_shares WHERE task_id = p_task AND user_id = app_user_id());

-- Their tasks there go to the owner, as with everybody who leaves, instead of going with them. Whoever owns a team stays
-- until it is another's: a team without an owner is refused at the commit.
CREATE FUNCTION users_leave() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM team_members WHERE user_id = OLD.id AND role <> 'owner';
    RETURN OLD;
END
$$;
CREATE TRIGGER users_leave BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION users_leave();
GRANT DELETE ON team_members TO taskwire_owner;

ALTER FUNCTION app_share_is_kept(bigint) OWNER TO taskwire_owner;
ALTER FUNCTION users_leave() OWNER TO taskwire_owner;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_share_is_kept(bigint) TO taskwire_app;
