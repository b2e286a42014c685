from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0057_plans_with_subject_segment_and_template"),
    ]

    operations = [
        migrations.AddField(
            model_name="newsletter",
            name="asks_name",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Its sign-up form has a field for it, which may stay empty.",
                verbose_name="asks for a first name",
            ),
        ),
        migrations.AddField(
            model_name="signup",
            name="name",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="subscription",
            name="asked_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="The name in the form, until somebody confirms: it may be anybody's words.",
                max_length=120,
            ),
        ),
    ]
