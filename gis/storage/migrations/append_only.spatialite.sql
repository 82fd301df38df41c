CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN NEW.id IS NOT 1 + coalesce(
  (SELECT max(id) FROM audit), (SELECT max(upto) FROM audit_checkpoint), 0)
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only: the next entry has the next number');
END;;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN OLD.id > coalesce((SELECT max(upto) FROM audit_checkpoint), 0)
  OR OLD.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-180 days')
BEGIN
  SELECT RAISE(ABORT, 'the audit log is kept at least 180 days, and deleted behind a checkpoint only');
END;;

CREATE TRIGGER audit_checkpoint_no_update BEFORE UPDATE ON audit_checkpoint
BEGIN
  SELECT RAISE(ABORT, 'a checkpoint of the audit log stays');
END;;

CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint
BEGIN
  SELECT RAISE(ABORT, 'a checkpoint of the audit log stays');
END;;
