"""Sign-up forms in a browser: in a frame on another site, with the proof of work that the browser computes, and by keyboard."""

import pytest

from newsletter.models import SignUp, SignUpRules
from newsletter.subscribers import sign_ups
from tests.newsletter import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_form_on_another_site_computes_its_proof_and_answers_in_its_frame(page, live_site, http_server, page_errors):
    factories.newsletter()
    SignUpRules(proof_when="always").save()
    frame = f'<!doctype html><iframe src="{live_site.url}/newsletter/embed/weekly/" title="Sign up"></iframe>'
    http_server.page, http_server.headers = frame.encode(), {"Content-Type": "text/html"}
    page.goto(http_server.url)  # 127.0.0.1, which is another site than localhost
    form = page.frame_locator("iframe")
    form.get_by_label("E-mail address").fill("ann@example.com")
    page.keyboard.press("Enter")
    form.get_by_role("status").filter(has_text=sign_ups.THANKS).wait_for()
    row = SignUp.objects.get()
    assert (row.source, row.waits_without_proof) == ("embedded form on 127.0.0.1", False)
    assert page.context.cookies() == []
    assert [error for error in page_errors if "428" not in error] == []
    page_errors.clear()
