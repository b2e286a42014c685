"""The database itself refuses to change or delete what the audit log says."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION articles_audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An audit entry is never changed or deleted.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER articles_audit_log_is_append_only
    BEFORE UPDATE OR DELETE ON articles_auditentry
    FOR EACH ROW EXECUTE FUNCTION articles_audit_log_is_append_only();
"""
BACKWARDS = """
DROP TRIGGER articles_audit_log_is_append_only ON articles_auditentry;
DROP FUNCTION articles_audit_log_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("articles", "0002_roles")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
