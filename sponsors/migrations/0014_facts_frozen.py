"""The facts of a click are frozen from now on; its verdict is not."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0013_facts_of_clicks")]
    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="adevent",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."claim_id" IS DISTINCT FROM (NEW."claim_id") OR OLD."version_id" IS DISTINCT FROM (NEW."version_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."found" IS DISTINCT FROM (NEW."found"))',
                    func="RAISE EXCEPTION 'Clicks are never changed or deleted: reports add them up.' USING ERRCODE = 'restrict_violation';",
                    hash="b21228300ff9ac792553fad46e486502b7c71279",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_098a3",
                    table="sponsors_adevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
