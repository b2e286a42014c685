"""What mail providers POST to a webhook, in the shapes that they document, and how each proves that it is the sender."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from newsletter.mail.providers import anymail_settings

ADDRESS = "http://testserver/newsletter/reports/"
SECRET = "a-secret-of-the-webhook"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def public(key):
    """A public key as providers show it: PEM without its first and last line."""
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "\n".join(pem.decode().split("\n")[1:-2])


def secret_of(provider):
    return {"postal": public(RSA_KEY), "sendgrid": public(EC_KEY)}.get(provider, SECRET)


def anymail(provider):
    return anymail_settings(provider, secret_of(provider), ADDRESS)


ASKED = "550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown"
FULL = "452 4.2.2 The email account that you tried to reach is over quota"
JSON = '{"moonpress": "%s"}'


def ses(token, kind, **more):
    mail = {
        "timestamp": "2026-11-28T10:00:00.000Z",
        "source": "bounces@news.example",
        "messageId": "0100018c-aaaa-bbbb",
        "destination": ["ann@example.com"],
        "headersTruncated": False,
        "headers": [{"name": "From", "value": "hello@news.example"}, {"name": "X-Metadata", "value": JSON % token}],
    }
    return {"eventType": kind, "mail": mail | more.pop("mail", {}), kind.lower(): more}


def ses_bounce(token, kind, diagnostic, status):
    recipient = {"emailAddress": "ann@example.com", "action": "failed", "status": status, "diagnosticCode": diagnostic}
    return ses(token, "Bounce", bounceType=kind, bounceSubType="General", bouncedRecipients=[recipient])


def brevo(token, event, **more):
    about = {"event": event, "email": "ann@example.com", "id": 26224, "ts_epoch": 1764324000000, "ts_event": 1764324000}
    return about | {"message-id": f"<{token}@news.example>", "X-Mailin-custom": JSON % token, **more}


def mailersend(token, kind, **morph):
    message = {"object": "message", "id": "62fb66bef54a112e920b5493"}
    recipient = {"object": "recipient", "email": "ann@example.com"}
    email = {"object": "email", "tags": [token], "message": message, "recipient": recipient, "status": "rejected"}
    data = {"object": "activity", "type": kind, "email": email, "morph": morph, "created_at": "2026-11-28T10:00:00Z"}
    return {"type": f"activity.{kind}", "webhook_id": "x7z", "data": data}


def mailgun(token, event, **more):
    message = {
        "headers": {"to": "ann@example.com", "message-id": f"{token}@news.example", "from": "hello@news.example"}
    }
    about = {"event": event, "timestamp": 1764324000.5, "id": "G9Bn5sl1", "recipient": "ann@example.com"}
    return {"event-data": about | {"user-variables": {"moonpress": token}, "message": message, "tags": [], **more}}


def mailjet(token, event, **more):
    about = {"event": event, "time": 1764324000, "MessageID": 19421777835146490, "email": "ann@example.com"}
    return [about | {"CustomID": "", "Payload": JSON % token, **more}]


def mailtrap(token, event, **more):
    about = {"event": event, "message_id": "1df37d17-0286", "sending_stream": "bulk", "email": "ann@example.com"}
    about |= {"timestamp": 1764324000, "event_id": "bede7236", "custom_variables": {"moonpress": token}}
    return {"events": [about | more]}


def mandrill(token, event, **more):
    message = {"_id": "exampleaaa", "email": "ann@example.com", "metadata": {"moonpress": token}, "tags": [], **more}
    return [{"event": event, "ts": 1764324000, "_id": "exampleaaa", "msg": message}]


def postal(token, event, *, message="message", **more):
    about = {"id": 12345, "token": "abcdef123", "direction": "outgoing", "message_id": f"{token}@news.example"}
    about |= {"to": "ann@example.com", "from": "hello@news.example", "subject": "Six bridges", "tag": None}
    return {"event": event, "timestamp": 1764324000.5, "uuid": "0fcc8526", "payload": {message: about, **more}}


def postmark(token, record, **more):
    about = {"RecordType": record, "MessageID": "883953f4", "ServerID": 23, "MessageStream": "broadcast"}
    return about | {
        "Email": "ann@example.com",
        "BouncedAt": "2026-11-28T10:00:00Z",
        "Metadata": {"moonpress": token},
        **more,
    }


def resend(token, kind, **more):
    headers = [{"name": "X-Metadata", "value": JSON % token}, {"name": "Precedence", "value": "bulk"}]
    data = {"email_id": "56761188-7520", "from": "hello@news.example", "to": ["ann@example.com"], "headers": headers}
    return {"type": kind, "created_at": "2026-11-28T10:00:00.000Z", "data": data | more}


def sendgrid(token, event, **more):
    about = {"event": event, "email": "ann@example.com", "timestamp": 1764324000, "sg_event_id": "ZyjAM5rn"}
    return [about | {"smtp-id": f"<{token}@news.example>", "moonpress": token, **more}]


def sparkpost(token, kind, **more):
    about = {"type": kind, "timestamp": "1764324000", "event_id": "917762", "raw_rcpt_to": "ann@example.com"}
    about |= {"transmission_id": "658328", "rcpt_meta": {"moonpress": token}, "msg_from": "msprvs1=x@bounces.example"}
    return [{"msys": {"message_event": about | more}}]


def unisender(token, status, **more):
    data = {"job_id": "1a3Q2V", "metadata": {"moonpress": token}, "email": "ann@example.com", "status": status}
    data |= {"event_time": "2026-11-28 10:00:00", **more}
    events = [{"event_name": "transactional_email_status", "event_data": data}]
    return {"auth": "", "events_by_user": [{"user_id": 456, "project_id": "6123462132634", "events": events}]}


SHAPES = {
    "amazon-ses": {
        "gone": lambda token: ses_bounce(token, "Permanent", f"smtp; {ASKED}", "5.1.1"),
        "complaint": lambda token: ses(token, "Complaint", complainedRecipients=[{"emailAddress": "ann@example.com"}]),
        "deferred": lambda token: ses_bounce(token, "Transient", f"smtp; {FULL}", "4.2.2"),
        "refused": lambda token: ses_bounce(token, "Permanent", "smtp; 550 5.7.1 Blocked", "5.7.1"),
    },
    "brevo": {
        "gone": lambda token: brevo(token, "hard_bounce", reason="Unknown user"),
        "complaint": lambda token: brevo(token, "spam"),
        "deferred": lambda token: brevo(token, "soft_bounce", reason="mailbox full"),
        "refused": lambda token: brevo(token, "blocked", reason="blocked: due to blocklisted user"),
        "left": lambda token: brevo(token, "unsubscribe"),
        "delay": lambda token: brevo(token, "deferred", reason="451 4.7.1 Greylisted"),
    },
    "mailersend": {
        "gone": lambda token: mailersend(
            token, "hard_bounced", object="recipient_bounce", reason="Host or domain unknown"
        ),
        "complaint": lambda token: mailersend(token, "spam_complaint", object="spam_complaint"),
        "deferred": lambda token: mailersend(token, "soft_bounced", object="recipient_bounce", reason="Unknown reason"),
        "left": lambda token: mailersend(token, "unsubscribed", object="recipient_unsubscribe", reason="Other"),
    },
    "mailgun": {
        "gone": lambda token: mailgun(
            token, "failed", severity="permanent", reason="suppress-bounce", **{"delivery-status": {"code": 605}}
        ),
        "complaint": lambda token: mailgun(token, "complained"),
        "refused": lambda token: mailgun(
            token,
            "failed",
            severity="permanent",
            reason="bounce",
            **{"delivery-status": {"code": 550, "message": "5.7.26 Unauthenticated", "description": ""}},
        ),
        "deferred": lambda token: mailgun(
            token, "failed", severity="permanent", reason="old", **{"delivery-status": {"message": "Too old"}}
        ),
        "delay": lambda token: mailgun(
            token, "failed", severity="temporary", reason="generic", **{"delivery-status": {"message": FULL}}
        ),
        "left": lambda token: mailgun(token, "unsubscribed"),
    },
    "mailjet": {
        "gone": lambda token: mailjet(token, "bounce", hard_bounce=True, blocked=False, error="user unknown"),
        "complaint": lambda token: mailjet(token, "spam", source="JMRPP"),
        "deferred": lambda token: mailjet(token, "bounce", hard_bounce=False, blocked=False, error="quota exceeded"),
        "refused": lambda token: mailjet(token, "blocked", error_related_to="mailjet", error="preblocked"),
        "delay": lambda token: mailjet(token, "bounce", hard_bounce=False, error="greylisted"),
        "left": lambda token: mailjet(token, "unsub", mj_list_id=0),
    },
    "mailtrap": {
        "gone": lambda token: mailtrap(token, "bounce", response="bounced (550 no such user)", response_code=555),
        "complaint": lambda token: mailtrap(token, "spam"),
        "deferred": lambda token: mailtrap(token, "soft bounce", response="full", bounce_category="mailbox_full"),
        "refused": lambda token: mailtrap(token, "reject", reason="unknown"),
        "left": lambda token: mailtrap(token, "unsubscribe"),
    },
    "mandrill": {
        "gone": lambda token: mandrill(token, "hard_bounce", diag=f"smtp;{ASKED}", bounce_description="bad_mailbox"),
        "complaint": lambda token: mandrill(token, "spam"),
        "deferred": lambda token: mandrill(token, "soft_bounce", diag="", bounce_description="mailbox_full"),
        "refused": lambda token: mandrill(
            token, "hard_bounce", diag="smtp;550 5.7.1 Spam", bounce_description="policy"
        ),
        "delay": lambda token: mandrill(token, "deferral", diag="451 4.3.5 Try later"),
        "left": lambda token: mandrill(token, "unsub"),
    },
    "postal": {
        "gone": lambda token: postal(
            token, "MessageDeliveryFailed", status="HardFail", details="Refused", output=ASKED
        ),
        "refused": lambda token: postal(
            token, "MessageBounced", message="original_message", bounce={"id": 12347, "subject": "Undelivered Mail"}
        ),
        "delay": lambda token: postal(token, "MessageDelayed", status="SoftFail", details="Later", output=FULL),
    },
    "postmark": {
        "gone": lambda token: postmark(token, "Bounce", Type="HardBounce", TypeCode=1, Details="action: failed\r\n"),
        "complaint": lambda token: postmark(token, "SpamComplaint", Type="SpamComplaint", TypeCode=512),
        "deferred": lambda token: postmark(token, "Bounce", Type="SoftBounce", TypeCode=4096, Details="Later."),
        "refused": lambda token: postmark(token, "Bounce", Type="SpamNotification", TypeCode=2048, Details="Filtered."),
        "delay": lambda token: postmark(token, "Bounce", Type="Transient", TypeCode=2, Details="Trying on."),
        "left": lambda token: postmark(
            token, "SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression"
        ),
    },
    "resend": {
        "gone": lambda token: resend(
            token, "email.bounced", bounce={"type": "Permanent", "message": "No such mailbox."}
        ),
        "complaint": lambda token: resend(token, "email.complained"),
        "deferred": lambda token: resend(token, "email.bounced", bounce={"type": "Transient", "message": "Full."}),
        "delay": lambda token: resend(token, "email.delivery_delayed"),
    },
    "sendgrid": {
        "gone": lambda token: sendgrid(token, "bounce", type="bounce", status="5.0.0", reason="550 Unknown recipient"),
        "complaint": lambda token: sendgrid(token, "spamreport"),
        "refused": lambda token: sendgrid(token, "bounce", type="blocked", status="5.7.1", reason="550 5.7.1 Policy"),
        "delay": lambda token: sendgrid(token, "deferred", response=FULL, attempt="3"),
        "left": lambda token: sendgrid(token, "unsubscribe"),
    },
    "sparkpost": {
        "gone": lambda token: sparkpost(token, "bounce", bounce_class="10", raw_reason=f"smtp; {ASKED}"),
        "complaint": lambda token: sparkpost(token, "spam_complaint", fbtype="abuse"),
        "deferred": lambda token: sparkpost(token, "out_of_band", bounce_class="22", raw_reason="Mailbox full"),
        "refused": lambda token: sparkpost(token, "bounce", bounce_class="51", raw_reason="554 5.7.1 Blocked"),
        "delay": lambda token: sparkpost(token, "delay", bounce_class="20", raw_reason=""),
        "left": lambda token: sparkpost(token, "list_unsubscribe"),
    },
    "unisender-go": {
        "gone": lambda token: unisender(
            token, "hard_bounced", delivery_info={"delivery_status": "err_user_unknown", "destination_response": "550"}
        ),
        "complaint": lambda token: unisender(token, "spam"),
        "deferred": lambda token: unisender(
            token, "soft_bounced", delivery_info={"delivery_status": "err_mailbox_full", "destination_response": FULL}
        ),
        "delay": lambda token: unisender(token, "soft_bounced", delivery_info={"delivery_status": "err_will_retry"}),
        "left": lambda token: unisender(token, "unsubscribed"),
    },
}
CASES = [(provider, kind) for provider, kinds in SHAPES.items() for kind in kinds]


def posted(provider, event, *, secret=SECRET):
    """What the test client sends: the body and headers of a genuine request, or a forged one under another secret."""
    text = json.dumps(event)
    sign = SIGNED.get(provider, basic)
    return {"content_type": "application/json", "data": text, "headers": {}} | sign(text, secret)


def basic(_, secret):
    user = base64.b64encode(f"moonpress:{secret}".encode()).decode()
    return {"headers": {"Authorization": f"Basic {user}"}}


def ses_signed(text, secret):
    notification = {"Type": "Notification", "MessageId": "22b80b92", "TopicArn": "arn:aws:sns:x", "Message": text}
    headers = {"X-Amz-Sns-Message-Type": "Notification", "X-Amz-Sns-Message-Id": "22b80b92"}
    return {"data": json.dumps(notification), "headers": basic(text, secret)["headers"] | headers}


def mailersend_signed(text, secret):
    return {"headers": {"Signature": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}}


def mailgun_signed(text, secret):
    stamp, token = str(int(time.time())), "c44db8"
    signature = hmac.new(secret.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    block = {"signature": {"timestamp": stamp, "token": token, "signature": signature}}
    return {"data": json.dumps(block | json.loads(text))}


def mandrill_signed(text, secret):
    signed = f"{ADDRESS}mandrill_events{text}".encode()
    signature = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha1).digest()).decode()
    return {"data": {"mandrill_events": text}, "content_type": None, "headers": {"X-Mandrill-Signature": signature}}


def postal_signed(text, secret):
    signature = RSA_KEY.sign((text if secret == SECRET else secret).encode(), padding.PKCS1v15(), hashes.SHA1())
    return {"headers": {"X-Postal-Signature": base64.b64encode(signature).decode()}}


def sendgrid_signed(text, secret):
    stamp = "1764324000"
    signature = EC_KEY.sign((stamp + (text if secret == SECRET else secret)).encode(), ec.ECDSA(hashes.SHA256()))
    names = ["X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"]
    return {"headers": dict(zip(names, [base64.b64encode(signature).decode(), stamp], strict=True))}


def unisender_signed(text, secret):
    event = json.loads(text)
    signed = hashlib.md5(json.dumps(event | {"auth": secret}).encode()).hexdigest()
    return {"data": json.dumps(event | {"auth": signed})}


SIGNED = {
    "amazon-ses": ses_signed,
    "mailersend": mailersend_signed,
    "mailgun": mailgun_signed,
    "mandrill": mandrill_signed,
    "postal": postal_signed,
    "sendgrid": sendgrid_signed,
    "unisender-go": unisender_signed,
}
