-- Somebody in the midst of a busy company: 10,000 tasks of their own, 20 teams with 20 people and 2,000 tasks each, and 1,000
-- tasks that others share with them. Needs 1,000 people with tasks; `crowded.viewer` says who it is.
INSERT INTO tasks (user_id, title, description, status, created_at, updated_at, completed_at)
SELECT current_setting('crowded.viewer')::uuid, 'Own ' || n, 'What was said last time.',
    CASE WHEN n % 3 = 0 THEN 'pending' ELSE 'completed' END, at, at, CASE WHEN n % 3 = 0 THEN NULL ELSE at END
FROM generate_series(1, 10000) n CROSS JOIN LATERAL (SELECT now() - n * interval '4 minutes' AS at) time;

WITH made AS (
    INSERT INTO teams (id, name, created_at)
    SELECT gen_random_uuid(), 'Crowd ' || n, now() FROM generate_series(1, 20) n RETURNING id
), numbered AS (
    SELECT id, row_number() OVER (ORDER BY id) AS n FROM made
), people AS (
    SELECT id, row_number() OVER (ORDER BY id) AS n FROM users WHERE id <> current_setting('crowded.viewer')::uuid
)
INSERT INTO team_members (team_id, user_id, role, created_at)
SELECT team.id, person.id, CASE WHEN person.n % 20 = 0 THEN 'owner' ELSE 'member' END, now()
FROM numbered team JOIN people person ON (person.n - 1) / 20 = team.n
UNION ALL
SELECT id, current_setting('crowded.viewer')::uuid, 'member', now() FROM made;

INSERT INTO tasks (user_id, team_id, title, description, status, created_at, updated_at, completed_at)
SELECT member.user_id, member.team_id, 'Of the team ' || n, 'What was said last time.',
    CASE WHEN n % 3 = 0 THEN 'pending' ELSE 'completed' END, at, at, CASE WHEN n % 3 = 0 THEN NULL ELSE at END
FROM team_members member
JOIN teams team ON team.id = member.team_id AND team.name LIKE 'Crowd %'
CROSS JOIN generate_series(1, 100) n
CROSS JOIN LATERAL (SELECT now() - n * interval '7 hours' AS at) time
WHERE member.user_id <> current_setting('crowded.viewer')::uuid;

INSERT INTO task_shares (task_id, owner_id, user_id, permission, created_at)
SELECT id, user_id, current_setting('crowded.viewer')::uuid, CASE WHEN id % 2 = 0 THEN 'view' ELSE 'edit' END, now()
FROM tasks
WHERE team_id IS NULL AND user_id <> current_setting('crowded.viewer')::uuid AND id % 37 = 0
    AND NOT EXISTS (
        SELECT FROM task_shares had WHERE had.task_id = tasks.id AND had.user_id = current_setting('crowded.viewer')::uuid
    )
ORDER BY id LIMIT 1000;
