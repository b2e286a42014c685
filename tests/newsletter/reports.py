"""Messages that come back, in the shapes in which mail systems write them. Names and addresses are made up."""

ORIGINAL = """\
Return-Path: <{sender}>
Received: from news.example (news.example [192.0.2.1]) by mx.example.com; Sat, 28 Nov 2026 10:00:00 +0000
From: Perigee <hello@news.example>
Subject: Six bridges
Message-ID: <{message_id}@news.example>
To: ann@example.com

"""

POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="8F1C2.1764324000/mx.example.com"
Message-Id: <20261128100000.9A1B2@mx.example.com>

This is a MIME-encapsulated message.

--8F1C2.1764324000/mx.example.com
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.com.

--8F1C2.1764324000/mx.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
X-Postfix-Queue-ID: 8F1C2
Arrival-Date: Sat, 28 Nov 2026 10:00:00 +0000 (UTC)

Final-Recipient: rfc822; ann@example.com
Original-Recipient: rfc822;ann@example.com
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; {answer}

--8F1C2.1764324000/mx.example.com
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{original}
--8F1C2.1764324000/mx.example.com--
"""

EXCHANGE = """\
From: <postmaster@corp.example>
To: {to}
Subject: Undeliverable: Six bridges
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="a1b2c3d4-e5f6-4a5b-8c7d-112233445566"
Content-Language: en-US
Message-ID: <9f8e7d6c@AM0PR01.eurprd01.prod.exchangelabs.com>
In-Reply-To: <{message_id}@news.example>
X-MS-Exchange-Message-Is-Ndr:
Auto-Submitted: auto-replied

--a1b2c3d4-e5f6-4a5b-8c7d-112233445566
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="inner"

--inner
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Your message to ann@corp.example couldn't be delivered.

--inner
Content-Type: text/html; charset="us-ascii"

<html><body>Your message couldn't be delivered.</body></html>

--inner--

--a1b2c3d4-e5f6-4a5b-8c7d-112233445566
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;news.example
Arrival-Date: Sat, 28 Nov 2026 10:00:00 +0000

Final-Recipient: rfc822;ann@corp.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not
 found by SMTP address lookup
X-Display-Name: ann@corp.example

--a1b2c3d4-e5f6-4a5b-8c7d-112233445566
Content-Type: message/rfc822

{original}
Six bridges.

--a1b2c3d4-e5f6-4a5b-8c7d-112233445566--
"""

GMAIL = """\
To: {to}
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <{message_id}@news.example>
X-Failed-Recipients: ann@gmail.example
Content-Type: multipart/report; boundary="000000000000abcdef"; report-type=delivery-status

--000000000000abcdef
Content-Type: multipart/related; boundary="000000000000fedcba"

--000000000000fedcba
Content-Type: text/plain; charset="UTF-8"

** Address not found **

--000000000000fedcba--

--000000000000abcdef
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Sat, 28 Nov 2026 02:00:00 -0800 (PST)
X-Original-Message-ID: <{message_id}@news.example>

Final-Recipient: rfc822; ann@gmail.example
Action: failed
Status: 5.0.0
Remote-MTA: dns; gmail-smtp-in.l.google.example. (192.0.2.7, the server for the domain gmail.example.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the recipient's email address for typos or
 550 5.1.1 unnecessary spaces. - gsmtp
Last-Attempt-Date: Sat, 28 Nov 2026 02:00:01 -0800 (PST)

--000000000000abcdef
Content-Type: message/rfc822

{original}
Six bridges.

--000000000000abcdef--
"""

YAHOO = """\
From: Yahoo! Mail AntiSpam Feedback <feedback@arf.mail.yahoo.example>
To: complaints@news.example
Subject: Customer Complaint From: hello@news.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=_arf"

--=_arf
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report for an email message from news.example.

--=_arf
Content-Type: message/feedback-report

Feedback-Type: {type}
User-Agent: Yahoo!-Mail-Feedback/2.0
Version: 0.1
Original-Mail-From: <{sender}>
Original-Rcpt-To: redacted@yahoo.example
Received-Date: Sat, 28 Nov 2026 10:00:00 +0000
Reported-Domain: news.example

--=_arf
Content-Type: message/rfc822
Content-Disposition: inline

{original}
Six bridges.

--=_arf--
"""

OUTLOOK = """\
From: <staff@hotmail.example>
To: complaints@news.example
Subject: complaint about message from 192.0.2.1
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_jmrp"

--=_jmrp
Content-Type: message/rfc822
Content-Disposition: attachment

X-HmXmrOriginalRecipient: ann@outlook.example
{original}
Six bridges.

--=_jmrp--
"""

OUT_OF_OFFICE = """\
From: Ann <ann@example.com>
To: {to}
Subject: Automatic reply: Six bridges
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: All
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

I am away until Monday. 550 5.1.1 is not what this says.
"""

READ_RECEIPT = """\
From: Ann <ann@example.com>
To: {to}
Subject: Read: Six bridges
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="=_mdn"

--=_mdn
Content-Type: text/plain

Your message was read.

--=_mdn
Content-Type: message/disposition-notification

Final-Recipient: rfc822;ann@example.com
Disposition: manual-action/MDN-sent-manually; displayed

--=_mdn--
"""


def written(shape, *, to="bounces@news.example", sender="", message_id="", **fields):
    """A message in one of these shapes; `sender` is the return path of the message that it is about."""
    fields = {"action": "failed", "status": "5.1.1", "answer": "550 5.1.1 No such user", "type": "abuse"} | fields
    original = ORIGINAL.format(sender=sender, message_id=message_id)
    text = shape.format(to=to, sender=sender, message_id=message_id, original=original, **fields)
    return text.replace("\n", "\r\n").encode()
