-- People delete their own accounts (requirement A1 the other way round): nobody else's, which the policy `own` on users
-- says, and in the order in which everybody locks, because far more goes and changes hands at once than with anything else.
GRANT DELETE ON users TO taskwire_app;

-- Whatever is a person's is found by an index, also what has ended.
CALL take_tables('sessions, api_tokens, deleted_tasks');
CREATE INDEX sessions_of ON sessions (user_id, id);
CREATE INDEX api_tokens_ever ON api_tokens (user_id, id);
CREATE INDEX deleted_tasks_of ON deleted_tasks (user_id, id);

-- Waits until nobody changes what goes with the viewer's account or changes hands, and keeps it so until the transaction
-- ends: who is in their teams, those they own, their tasks and those shared with them, also deleted ones, and the shares of
-- all. Their address and their row are the caller's to lock before. Definer, because not all of it is theirs to change.
CREATE FUNCTION app_hold_account() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me uuid := app_user_id();
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('team:' || team_id::text, 0))
    FROM (SELECT team_id FROM team_members WHERE user_id = me ORDER BY team_id) mine;
    PERFORM FROM teams WHERE id IN (SELECT team_id FROM team_members WHERE user_id = me AND role = 'owner')
    ORDER BY id FOR UPDATE;
    PERFORM FROM tasks
    WHERE id IN (SELECT id FROM tasks WHERE user_id = me UNION SELECT task_id FROM task_shares WHERE user_id = me)
    ORDER BY id FOR UPDATE;
    PERFORM FROM deleted_tasks
    WHERE id IN (
        SELECT id FROM deleted_tasks WHERE user_id = me
        UNION SELECT task_id FROM deleted_task_shares WHERE user_id = me
    )
    ORDER BY id FOR UPDATE;
    PERFORM FROM task_shares
    WHERE (task_id, user_id) IN (
        SELECT task_id, user_id FROM task_shares WHERE owner_id = me
        UNION SELECT task_id, user_id FROM task_shares WHERE user_id = me
    )
    ORDER BY task_id, user_id FOR UPDATE;
END
$$;
-- What locking a row takes.
GRANT UPDATE (permission) ON task_shares TO taskwire_owner;

-- Their tasks there go to the owner, as with everybody who leaves, instead of going with them. Whoever owns a team stays
-- until it is another's: a team without an owner is refused at the commit.
CREATE OR REPLACE FUNCTION users_leave() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Teams are left one by one and tasks go one by one, so all counters that change are locked before, in one order.
    PERFORM FROM user_counters
    WHERE user_id IN (
        SELECT OLD.id
        UNION SELECT heir.user_id FROM team_members mine
        JOIN team_members heir ON heir.team_id = mine.team_id AND heir.role = 'owner'
        WHERE mine.user_id = OLD.id
    )
    ORDER BY user_id FOR UPDATE;
    PERFORM FROM share_counters
    WHERE user_id IN (SELECT OLD.id UNION SELECT user_id FROM task_shares WHERE owner_id = OLD.id)
    ORDER BY user_id FOR UPDATE;
    DELETE FROM team_members WHERE user_id = OLD.id AND role <> 'owner';
    RETURN OLD;
END
$$;

ALTER FUNCTION app_hold_account() OWNER TO taskwire_owner;
REVOKE EXECUTE ON FUNCTION app_hold_account() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_hold_account() TO taskwire_app;
