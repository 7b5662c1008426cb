-- A task is there or deleted, never both, and its id is nobody else's in between.

-- Every request reads its session first. Whoever waits for it here holds nothing that this would wait for.
LOCK TABLE sessions, tasks, deleted_tasks, deleted_task_shares IN ACCESS EXCLUSIVE MODE;

-- The id that this connection drew last. A connection serves many people, so it may be that of another's task, whose
-- maker has deleted it and may still bring it back. Definer, because only the owner may read the sequence and see that.
CREATE FUNCTION app_task_is_new(p_task bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
RETURN p_task = currval('tasks_id_seq') AND NOT EXISTS (SELECT FROM deleted_tasks WHERE id = p_task);

-- A task comes back as its next version, by whoever may see it among the deleted ones, or is new: in one's own name,
-- with the id that it is given.
DROP POLICY creating ON tasks;
CREATE POLICY creating ON tasks FOR INSERT TO taskwire_app WITH CHECK (
    CASE WHEN EXISTS (
        SELECT FROM deleted_tasks gone
        WHERE gone.id = tasks.id AND gone.version + 1 = tasks.version
            AND gone.user_id = tasks.user_id AND gone.team_id IS NOT DISTINCT FROM tasks.team_id
    ) THEN true
    ELSE app_task_is_new(id)
        AND user_id = (SELECT app_user_id())
        AND (team_id IS NULL OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member}'))::uuid[]))
    END
);
DROP FUNCTION app_drawn_task_id();

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

ALTER FUNCTION app_task_is_new(bigint) OWNER TO taskwire_owner;
ALTER FUNCTION task_is_there_or_deleted() OWNER TO taskwire_owner;
REVOKE EXECUTE ON FUNCTION app_task_is_new(bigint), task_is_there_or_deleted() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_task_is_new(bigint) TO taskwire_app;
