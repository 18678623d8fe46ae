-- A database as schema 1 wrote it; the store's tests open it and expect it to come forward.
PRAGMA application_id=1330006091;
PRAGMA journal_mode=WAL;
CREATE TABLE accounts (name TEXT PRIMARY KEY, realm TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE users (
 account TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE,
 profile INTEGER NOT NULL, profile_until INTEGER NOT NULL, profile_order INTEGER NOT NULL,
 session INTEGER NOT NULL, preferred INTEGER NOT NULL, lease_end INTEGER NOT NULL,
 PRIMARY KEY (account, email)) STRICT, WITHOUT ROWID;
CREATE TABLE lines (
 account TEXT NOT NULL, connector TEXT NOT NULL, number TEXT NOT NULL,
 call INTEGER NOT NULL, dnd INTEGER NOT NULL, registered INTEGER NOT NULL,
 known INTEGER NOT NULL, seen INTEGER NOT NULL,
 PRIMARY KEY (account, connector, number)) STRICT, WITHOUT ROWID;
CREATE TABLE ids (
 realm TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE, id TEXT NOT NULL,
 PRIMARY KEY (realm, email)) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
 account TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE, n INTEGER NOT NULL,
 wall_ms INTEGER NOT NULL, kind INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL,
 PRIMARY KEY (account, email, n)) STRICT, WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('install_id', '0123456789abcdef0123456789abcdef');
INSERT INTO accounts VALUES ('acme', 'login tenant client');
INSERT INTO users VALUES ('acme', 'ana@acme.example', 1, 9223372036854775807, 1700000000000, 1, 0, 1700000600000);
INSERT INTO lines VALUES ('acme', 'hq', '201', 3, 0, 1, 1, 1700000000001);
INSERT INTO ids VALUES ('login tenant client', 'ana@acme.example', '00000000-0000-0000-0000-00000000000a');
INSERT INTO audit VALUES ('acme', 'ana@acme.example', 7, 1700000000000, 4, 0, 1);
PRAGMA user_version=1;
