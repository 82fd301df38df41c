CREATE FUNCTION riskmap_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only, and kept at least 180 days';
END $$;;

CREATE FUNCTION riskmap_audit_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.id > coalesce((SELECT max(upto) FROM audit_checkpoint), 0)
     OR OLD.at > now() - interval '180 days' THEN
    RAISE EXCEPTION 'the audit log is kept at least 180 days, and deleted behind a checkpoint only';
  END IF;
  RETURN OLD;
END $$;;

CREATE FUNCTION riskmap_audit_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id IS DISTINCT FROM 1 + coalesce(
      (SELECT max(id) FROM audit), (SELECT max(upto) FROM audit_checkpoint), 0) THEN
    RAISE EXCEPTION 'the audit log is append-only: the next entry has the next number';
  END IF;
  RETURN NEW;
END $$;;

CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
  FOR EACH ROW EXECUTE FUNCTION riskmap_audit_order();;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
  FOR EACH ROW EXECUTE FUNCTION riskmap_audit_refuse();;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION riskmap_audit_delete();;

CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION riskmap_audit_refuse();;

CREATE TRIGGER audit_checkpoint_no_change BEFORE UPDATE OR DELETE ON audit_checkpoint
  FOR EACH ROW EXECUTE FUNCTION riskmap_audit_refuse();;

CREATE TRIGGER audit_checkpoint_no_truncate BEFORE TRUNCATE ON audit_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION riskmap_audit_refuse();;
