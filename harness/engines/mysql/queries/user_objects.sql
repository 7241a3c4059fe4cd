-- What users made in the current database: its name, and the statement that drops it.
SELECT table_name AS name,
       CONCAT('DROP ', IF(table_type = 'VIEW', 'VIEW', 'TABLE'), ' IF EXISTS `',
              REPLACE(table_name, '`', '``'), '`') AS statement
  FROM information_schema.tables
 WHERE table_schema = DATABASE()
UNION ALL
SELECT routine_name,
       CONCAT('DROP ', routine_type, ' IF EXISTS `', REPLACE(routine_name, '`', '``'), '`')
  FROM information_schema.routines
 WHERE routine_schema = DATABASE()
UNION ALL
SELECT event_name, CONCAT('DROP EVENT IF EXISTS `', REPLACE(event_name, '`', '``'), '`')
  FROM information_schema.events
 WHERE event_schema = DATABASE()
