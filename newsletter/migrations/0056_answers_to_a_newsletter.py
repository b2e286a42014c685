from django.db import migrations, models

import newsletter.models.audience


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0055_roles_of_briefing_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="newsletter",
            name="reply_to",
            field=models.EmailField(
                blank=True,
                db_default="",
                help_text="Whoever answers a briefing writes to it (Reply-To). Empty: the site's contact address.",
                max_length=120,
                validators=[newsletter.models.audience.check_sender],
                verbose_name="answers go to",
            ),
        ),
    ]
