"""Static files named by a hash of their content and compressed ahead of time, and the middleware that serves them."""

from pathlib import Path

from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, which also follows what our JavaScript modules import."""

    support_js_module_import_aggregation = True


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise's middleware, which also finds what was collected after this process started.

    While a new version is rolled out, its pages are answered by new processes and their stylesheets may be asked of old
    ones. Files of former versions stay in the folder, so it works the other way round as well.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        url = request.path_info
        if url.startswith(self.static_prefix) and url not in self.files:
            self._look_for(url)
        return super().__call__(request)

    def _look_for(self, url: str) -> None:
        root = Path(self.static_root).resolve()
        try:
            path = (root / url.removeprefix(self.static_prefix)).resolve()
            found = path.is_relative_to(root) and path.is_file()
        except (OSError, ValueError):  # a name that no file can have
            return
        if found:
            self.add_file_to_dictionary(url, str(path))
