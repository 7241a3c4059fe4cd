-- What a fresh data directory needs after mariadb-install-db, which runs this file at its end.
-- It made root without password for 127.0.0.1, ::1 and the machine's own name as well.
DELETE FROM mysql.global_priv WHERE user = 'root' AND host <> 'localhost';
DELETE FROM mysql.proxies_priv WHERE user = 'root' AND host <> 'localhost';
-- It stays until a server has made its accounts: see the entry point.
CREATE SCHEMA entrypoint_initialising;
