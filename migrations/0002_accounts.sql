-- People and where they are signed in (requirements A1 to A3).
CREATE TABLE users (
    id uuid PRIMARY KEY,
    -- Normalised by the application; the check makes two spellings of one address impossible.
    email text NOT NULL CONSTRAINT users_email_key UNIQUE
        CHECK (email = lower(email) AND char_length(email) BETWEEN 3 AND 254),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    password_hash text NOT NULL,
    -- IANA name; NULL follows the browser.
    time_zone text,
    created_at timestamptz NOT NULL
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    ended_at timestamptz,
    address inet,
    user_agent text CHECK (char_length(user_agent) <= 500)
);
CREATE INDEX sessions_live ON sessions (user_id, last_seen_at DESC) WHERE ended_at IS NULL;
