"""Note which pictures the articles have that are there already, as they are and as readers see them."""

from django.db import migrations

NOTE = """
INSERT INTO articles_imageuse (image_id, article_id, is_live, is_outdated)
SELECT DISTINCT image.id, used.article_id, used.is_live, false FROM (
    SELECT parent_id AS article_id, false AS is_live, data->>'src' AS source FROM articles_block WHERE kind = 'image'
    UNION ALL
    SELECT parent_id, false, entry->>'src' FROM articles_block, jsonb_array_elements(data->'images') AS entry
        WHERE kind = 'gallery'
    UNION ALL
    SELECT id, false, cover->>'src' FROM articles_article WHERE cover IS NOT NULL
    UNION ALL
    SELECT shown.article_id, true, source FROM articles_publication AS shown
        JOIN articles_revision AS revision ON revision.article_id = shown.article_id AND revision.version = shown.version,
        LATERAL (
            SELECT revision.document->'cover'->>'src' AS source WHERE jsonb_typeof(revision.document->'cover') = 'object'
            UNION ALL
            SELECT block->>'src' FROM jsonb_array_elements(revision.document->'blocks') AS block
                WHERE block->>'type' = 'image'
            UNION ALL
            SELECT entry->>'src' FROM jsonb_array_elements(revision.document->'blocks') AS block,
                jsonb_array_elements(block->'images') AS entry WHERE block->>'type' = 'gallery'
        ) AS pictures
) AS used JOIN articles_imageasset AS image ON image.file = used.source
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("articles", "0019_image_library")]
    operations = [migrations.RunSQL(NOTE, "DELETE FROM articles_imageuse")]
