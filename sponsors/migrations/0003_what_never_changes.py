"""Clicks, verdicts, what was handed in and the disclosure log are added to, never changed; a quoted package stays so."""

from django.db import migrations

from core.lib.immutable import append_only, frozen_once

ITEMS = """
CREATE FUNCTION sponsors_refuse_quoted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM sponsors_package p WHERE p.quoted_at IS NOT NULL
               AND p.id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.package_id END,
                            CASE WHEN TG_OP <> 'DELETE' THEN NEW.package_id END)) THEN
        RAISE EXCEPTION 'Items of a quoted package are never changed: make a new version'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER sponsors_packageitem_frozen BEFORE INSERT OR UPDATE OR DELETE ON sponsors_packageitem
    FOR EACH ROW EXECUTE FUNCTION sponsors_refuse_quoted();
"""


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0002_roles")]
    operations = [
        append_only("sponsors_adevent", "a report adds them up"),
        append_only("sponsors_approval", "a new verdict is a new row"),
        append_only("sponsors_creativeversion", "an edit is a new version"),
        append_only("sponsors_disclosureentry", "the log is public"),
        frozen_once(
            "sponsors_package",
            "OLD.quoted_at IS NOT NULL",
            "it was quoted, make a new version",
            columns=("tier", "version", "summary", "price", "currency", "quoted_at"),
        ),
        migrations.RunSQL(
            ITEMS,
            "DROP TRIGGER sponsors_packageitem_frozen ON sponsors_packageitem; DROP FUNCTION sponsors_refuse_quoted()",
        ),
    ]
