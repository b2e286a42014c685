"""Static files under names that tell their content, compressed ahead of time."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, which also follows what our JavaScript modules import."""

    support_js_module_import_aggregation = True
