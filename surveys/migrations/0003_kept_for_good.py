"""What must never change is refused by the database itself: ballots, ledger, tree heads, released tallies, slugs in use."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION surveys_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is kept for good: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON surveys_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION surveys_refuse_change();
CREATE TRIGGER tree_head_append_only BEFORE UPDATE OR DELETE ON surveys_treehead
    FOR EACH ROW EXECUTE FUNCTION surveys_refuse_change();
CREATE TRIGGER ballot_never_deleted BEFORE DELETE ON surveys_ballot
    FOR EACH ROW EXECUTE FUNCTION surveys_refuse_change();
CREATE TRIGGER ballot_choice_fixed BEFORE UPDATE ON surveys_ballot FOR EACH ROW
    WHEN (OLD.category_id <> NEW.category_id OR OLD.choice <> NEW.choice OR OLD.nonce <> NEW.nonce
          OR OLD.leaf_hash <> NEW.leaf_hash)
    EXECUTE FUNCTION surveys_refuse_change();

CREATE FUNCTION surveys_refuse_slug_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM surveys_ballot ballot JOIN surveys_awardcategory category ON category.id = ballot.category_id
        WHERE CASE TG_TABLE_NAME
            WHEN 'surveys_season' THEN category.season_id = OLD.id
            WHEN 'surveys_awardcategory' THEN category.id = OLD.id
            ELSE category.id = (to_jsonb(OLD) ->> 'category_id')::bigint
        END
    ) THEN
        RAISE EXCEPTION 'ballots hold the slug %', OLD.slug USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER season_slug_fixed BEFORE UPDATE OF slug ON surveys_season FOR EACH ROW
    WHEN (OLD.slug <> NEW.slug) EXECUTE FUNCTION surveys_refuse_slug_in_use();
CREATE TRIGGER category_slug_fixed BEFORE UPDATE OF slug ON surveys_awardcategory FOR EACH ROW
    WHEN (OLD.slug <> NEW.slug) EXECUTE FUNCTION surveys_refuse_slug_in_use();
CREATE TRIGGER nominee_slug_fixed BEFORE UPDATE OF slug ON surveys_nominee FOR EACH ROW
    WHEN (OLD.slug <> NEW.slug) EXECUTE FUNCTION surveys_refuse_slug_in_use();

CREATE TRIGGER nominee_never_deleted BEFORE DELETE ON surveys_nominee
    FOR EACH ROW EXECUTE FUNCTION surveys_refuse_slug_in_use();

CREATE FUNCTION surveys_refuse_after_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM surveys_awardcategory WHERE id = OLD.category_id AND released_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a released tally is kept for good' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER tally_fixed_by_release BEFORE DELETE OR UPDATE OF
    category_id, tree_head_id, method, rules_version, ballots, base, detail, reconciliation ON surveys_tally
    FOR EACH ROW EXECUTE FUNCTION surveys_refuse_after_release();

CREATE FUNCTION surveys_refuse_row_after_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM surveys_tally tally JOIN surveys_awardcategory category ON category.id = tally.category_id
        WHERE tally.id = COALESCE(NEW.tally_id, OLD.tally_id) AND category.released_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'a released tally is kept for good' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER tally_row_fixed_by_release BEFORE INSERT OR UPDATE OR DELETE ON surveys_tallyrow
    FOR EACH ROW EXECUTE FUNCTION surveys_refuse_row_after_release();
"""

BACKWARDS = """
DROP TRIGGER tally_row_fixed_by_release ON surveys_tallyrow;
DROP TRIGGER tally_fixed_by_release ON surveys_tally;
DROP TRIGGER nominee_never_deleted ON surveys_nominee;
DROP TRIGGER nominee_slug_fixed ON surveys_nominee;
DROP TRIGGER category_slug_fixed ON surveys_awardcategory;
DROP TRIGGER season_slug_fixed ON surveys_season;
DROP TRIGGER ballot_choice_fixed ON surveys_ballot;
DROP TRIGGER ballot_never_deleted ON surveys_ballot;
DROP TRIGGER tree_head_append_only ON surveys_treehead;
DROP TRIGGER ledger_entry_append_only ON surveys_ledgerentry;
DROP FUNCTION surveys_refuse_row_after_release, surveys_refuse_after_release, surveys_refuse_slug_in_use,
    surveys_refuse_change;
"""


class Migration(migrations.Migration):
    dependencies = [("surveys", "0002_roles")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
