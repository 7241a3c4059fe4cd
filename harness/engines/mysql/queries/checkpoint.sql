-- Writes all changed pages, and returns when the checkpoint is past all that was logged before.
CREATE PROCEDURE harness_checkpoint()
BEGIN
    DECLARE logged BIGINT UNSIGNED;
    DECLARE tries INT DEFAULT 0;
    DECLARE most, low DOUBLE;
    SELECT @@GLOBAL.innodb_max_dirty_pages_pct, @@GLOBAL.innodb_max_dirty_pages_pct_lwm INTO most, low;
    SELECT CAST(variable_value AS UNSIGNED) INTO logged FROM performance_schema.global_status
     WHERE variable_name = 'Innodb_redo_log_current_lsn';
    SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0;
    SET GLOBAL innodb_max_dirty_pages_pct = 0;
    REPEAT
        DO SLEEP(0.02);
        SET tries = tries + 1;
    UNTIL tries > 1500 OR logged <= (
        SELECT CAST(variable_value AS UNSIGNED) FROM performance_schema.global_status
         WHERE variable_name = 'Innodb_redo_log_checkpoint_lsn')
    END REPEAT;
    SET GLOBAL innodb_max_dirty_pages_pct = most;
    SET GLOBAL innodb_max_dirty_pages_pct_lwm = low;
    IF tries > 1500 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no checkpoint within 30 s';
    END IF;
END
