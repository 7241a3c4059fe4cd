-- What users made in the current database: its name, and the statement that drops it.
WITH ours AS (
    SELECT n.oid, n.nspname
      FROM pg_catalog.pg_namespace AS n
     WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
), extensions AS (
    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
)
SELECT c.relname AS name,
       format('DROP %s IF EXISTS %I.%I CASCADE',
              CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                             WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
                             WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END,
              ours.nspname, c.relname) AS statement
  FROM pg_catalog.pg_class AS c
  JOIN ours ON ours.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
   AND NOT EXISTS (SELECT FROM extensions AS e
                    WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid)
UNION ALL
SELECT p.proname,
       format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
  FROM pg_catalog.pg_proc AS p
  JOIN ours ON ours.oid = p.pronamespace
 WHERE p.prokind <> 'a'
   AND NOT EXISTS (SELECT FROM extensions AS e
                    WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid)
UNION ALL
SELECT t.typname, format('DROP TYPE IF EXISTS %I.%I CASCADE', ours.nspname, t.typname)
  FROM pg_catalog.pg_type AS t
  JOIN ours ON ours.oid = t.typnamespace
 WHERE t.typtype IN ('d', 'e')
   AND NOT EXISTS (SELECT FROM extensions AS e
                    WHERE e.classid = 'pg_catalog.pg_type'::regclass AND e.objid = t.oid)
UNION ALL
SELECT ours.nspname, format('DROP SCHEMA IF EXISTS %I CASCADE', ours.nspname)
  FROM ours
 WHERE ours.nspname <> 'public'
   AND NOT EXISTS (SELECT FROM extensions AS e
                    WHERE e.classid = 'pg_catalog.pg_namespace'::regclass AND e.objid = ours.oid)
