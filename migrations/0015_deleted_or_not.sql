-- A task is there or deleted, never both, and its id is nobody else's in between.

-- All of them or none: requests and sign-ups take these tables in orders of their own, and whoever holds one while
-- waiting for another would be waited for.
DO $$
BEGIN
    LOOP
        BEGIN
            LOCK TABLE tasks, deleted_tasks, deleted_task_shares IN ACCESS EXCLUSIVE MODE NOWAIT;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.02);
        END;
    END LOOP;
END
$$;

-- A new task is of version 1 and draws its id here, whatever its statement says: so that no id is anybody else's,
-- neither one to come nor one of a deleted task that may come back.
DROP POLICY creating ON tasks;
DROP FUNCTION app_drawn_task_id();
CREATE SEQUENCE task_ids;
SELECT setval('task_ids', nextval('tasks_id_seq'), false);
ALTER TABLE tasks ALTER COLUMN id DROP IDENTITY;
ALTER SEQUENCE task_ids OWNED BY tasks.id;
ALTER SEQUENCE task_ids RENAME TO tasks_id_seq;
GRANT USAGE ON SEQUENCE tasks_id_seq TO taskwire_owner;
ALTER TABLE tasks ADD CONSTRAINT tasks_version_check CHECK (version > 0);
ALTER TABLE deleted_tasks ADD CONSTRAINT deleted_tasks_version_check CHECK (version > 0);

-- Definer, because only the owner may use the sequence.
CREATE FUNCTION new_task_draws_id() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.id := nextval('tasks_id_seq');
    RETURN NEW;
END
$$;
CREATE TRIGGER new_tasks_draw_ids BEFORE INSERT ON tasks
FOR EACH ROW WHEN (NEW.version = 1) EXECUTE FUNCTION new_task_draws_id();

-- A task is new, in one's own name, or comes back as its next version, by whoever may see it among the deleted ones.
CREATE POLICY creating ON tasks FOR INSERT TO taskwire_app WITH CHECK (
    CASE version WHEN 1 THEN
        user_id = (SELECT app_user_id())
        AND (team_id IS NULL OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member}'))::uuid[]))
    ELSE
        creation_key IS NULL
        AND EXISTS (
            SELECT FROM deleted_tasks gone
            WHERE gone.id = tasks.id AND gone.version + 1 = tasks.version AND gone.created_at = tasks.created_at
                AND gone.user_id = tasks.user_id AND gone.team_id IS NOT DISTINCT FROM tasks.team_id
        )
    END
);

-- It is kept as it was, by whoever deletes it.
DROP POLICY keeping ON deleted_tasks;
CREATE POLICY keeping ON deleted_tasks FOR INSERT TO taskwire_app WITH CHECK (
    app_manages(user_id, team_id)
    AND deleted_by = (SELECT app_user_id())
    AND EXISTS (
        SELECT FROM tasks task
        WHERE task.id = deleted_tasks.id AND task.version = deleted_tasks.version
            AND task.created_at = deleted_tasks.created_at AND task.user_id = deleted_tasks.user_id
            AND task.team_id IS NOT DISTINCT FROM deleted_tasks.team_id
    )
);

CREATE FUNCTION task_is_there_or_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM tasks JOIN deleted_tasks USING (id) WHERE id = NEW.id) THEN
        RAISE EXCEPTION 'task % would be there and deleted', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER deleted_tasks_not_there AFTER INSERT ON deleted_tasks
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION task_is_there_or_deleted();
-- Not for new ones, whose ids are no deleted task's.
CREATE CONSTRAINT TRIGGER tasks_not_deleted AFTER INSERT ON tasks
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.version > 1) EXECUTE FUNCTION task_is_there_or_deleted();

-- Whoever gives a share back at the moment of the deletion is told that it would come back with the task.
CREATE POLICY theirs ON deleted_task_shares FOR SELECT TO taskwire_app USING (user_id = (SELECT app_user_id()));

ALTER FUNCTION new_task_draws_id() OWNER TO taskwire_owner;
ALTER FUNCTION task_is_there_or_deleted() OWNER TO taskwire_owner;
REVOKE EXECUTE ON FUNCTION new_task_draws_id(), task_is_there_or_deleted() FROM PUBLIC;
