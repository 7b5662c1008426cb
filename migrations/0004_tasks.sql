-- Tasks, their shares, and what was deleted but can still be brought back (requirements T1, T2, S3, S5).
CREATE TABLE tasks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- A deleted team leaves its tasks to their creators.
    team_id uuid REFERENCES teams ON DELETE SET NULL,
    title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 1000),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'completed')),
    -- Counts the changes; a writer who read an older one is told.
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL CHECK (updated_at >= created_at),
    completed_at timestamptz,
    -- Of the form that created the task and of its texts, so that sending it twice makes one task.
    creation_key uuid,
    -- A stored column, because an expression would not be used as an index condition under row-level security.
    title_key text COLLATE "und-x-icu" GENERATED ALWAYS AS (lower(title)) STORED,
    CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CONSTRAINT tasks_creation_key UNIQUE (user_id, creation_key),
    -- Lets a share refer to a task together with its owner.
    CONSTRAINT tasks_owner_key UNIQUE (id, user_id)
);
-- One index an order. The status stands before the order in each: a list of every status reads one run of the
-- index for each status and merges them, so that no filter ever reads rows it throws away.
CREATE INDEX tasks_by_change ON tasks (user_id, status, updated_at DESC, id DESC);
CREATE INDEX tasks_by_creation ON tasks (user_id, status, created_at, id);
CREATE INDEX tasks_by_title ON tasks (user_id, status, title_key, id);
CREATE INDEX tasks_by_team ON tasks (team_id, status, updated_at DESC, id DESC) WHERE team_id IS NOT NULL;

CREATE TABLE task_shares (
    task_id bigint NOT NULL,
    owner_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    permission text NOT NULL CHECK (permission IN ('view', 'edit')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (task_id, user_id),
    -- Only an owner shares: the database has the pair from the task itself.
    FOREIGN KEY (task_id, owner_id) REFERENCES tasks (id, user_id) ON DELETE CASCADE,
    CHECK (user_id <> owner_id)
);
CREATE INDEX task_shares_with ON task_shares (user_id) INCLUDE (task_id, permission);
CREATE INDEX task_shares_by ON task_shares (owner_id);

-- The rows as they were, still under their constraints: a team or a person that goes takes its part along.
CREATE TABLE deleted_tasks (
    id bigint PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    team_id uuid REFERENCES teams ON DELETE SET NULL,
    title text NOT NULL,
    description text NOT NULL,
    status text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    completed_at timestamptz,
    deleted_by uuid NOT NULL,
    deleted_at timestamptz NOT NULL,
    CONSTRAINT deleted_tasks_owner_key UNIQUE (id, user_id)
);
CREATE INDEX deleted_tasks_by_time ON deleted_tasks (user_id, deleted_at);
CREATE INDEX deleted_tasks_by_team ON deleted_tasks (team_id) WHERE team_id IS NOT NULL;

CREATE TABLE deleted_task_shares (
    task_id bigint NOT NULL,
    owner_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    permission text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (task_id, user_id),
    FOREIGN KEY (task_id, owner_id) REFERENCES deleted_tasks (id, user_id) ON DELETE CASCADE
);
CREATE INDEX deleted_task_shares_user ON deleted_task_shares (user_id);
