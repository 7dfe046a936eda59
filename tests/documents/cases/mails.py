"""E-mails for tests."""

from email.message import EmailMessage


def mail(subject: str, *files: tuple[str, bytes], body: str = "See attached.") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "ann@example.org", "bob@example.org", subject
    made.set_content(body)
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return made
