"""Addresses of awards and surveys."""

from django.urls import path

from surveys import ballot_views, public_record_views, reminder_views, result_views, views
from surveys.questionnaires import poll_views
from surveys.questionnaires import result_views as survey_results
from surveys.questionnaires import views as questionnaires

app_name = "surveys"

urlpatterns = [
    path("awards/", views.index, name="index"),
    path("awards/ballot/proof/", ballot_views.proof, name="ballot-proof"),
    path("awards/ballot/<str:token>/", ballot_views.confirm, name="ballot-confirm"),
    path("awards/receipt/<str:receipt>/", public_record_views.receipt_show, name="receipt-show"),
    path("awards/reminder/<str:token>/", reminder_views.confirm, name="reminder-confirm"),
    path("awards/reminder/<str:token>/stop/", reminder_views.stop, name="reminder-stop"),
    path("awards/<slug:season>/", views.season_show, name="season-show"),
    path("awards/<slug:season>/vote/", ballot_views.vote, name="vote"),
    path("awards/<slug:season>/nominate/", views.nominate, name="nominate"),
    path("awards/<slug:season>/remind/", reminder_views.remind, name="remind"),
    path("awards/<slug:season>/ledger/", public_record_views.ledger_show, name="ledger-show"),
    path("awards/<slug:season>/ledger.json", public_record_views.ledger_json, name="ledger-json"),
    path("awards/<slug:season>/ledger/review.json", public_record_views.review_json, name="review-json"),
    path("awards/<slug:season>/ballots.csv", public_record_views.ballots_csv, name="ballots-csv"),
    path("awards/<slug:season>/verify.py", public_record_views.verifier, name="verifier"),
    path("awards/<slug:season>/turnout.csv", result_views.turnout_csv, name="turnout-csv"),
    path("awards/<slug:season>/<slug:category>/result.csv", result_views.result_csv, name="result-csv"),
    path("awards/<slug:season>/<slug:category>/result.json", result_views.result_json, name="result-json"),
    path("awards/<slug:season>/<slug:category>/<slug:nominee>/kit/", result_views.kit, name="kit"),
    path("awards/<slug:season>/<slug:category>/<slug:nominee>/badge/", result_views.badge, name="badge"),
    path("awards/<slug:season>/<slug:category>/<slug:nominee>/badge.svg", result_views.badge_svg, name="badge-svg"),
    path("awards/<slug:season>/<slug:category>/<slug:nominee>/badge.png", result_views.badge_png, name="badge-png"),
    path(
        "awards/<slug:season>/<slug:category>/<slug:nominee>/card-<slug:size>.png",
        result_views.nominee_card,
        name="nominee-card",
    ),
    path("awards/<slug:season>/<slug:category>/", views.category_show, name="category-show"),
    path("awards/<slug:season>/<slug:category>/<slug:nominee>/", views.nominee_show, name="nominee-show"),
    path("surveys/", questionnaires.index, name="survey-index"),
    path("surveys/<slug:slug>/", questionnaires.show, name="survey-show"),
    path("surveys/<slug:slug>/results/", survey_results.show, name="survey-results"),
    path("surveys/<slug:slug>/results.json", survey_results.as_json, name="survey-results-json"),
    path("surveys/<slug:slug>/results.csv", survey_results.as_csv, name="survey-results-csv"),
    path("surveys/<slug:slug>/results/card.png", survey_results.card, name="survey-results-card"),
    path("surveys/<slug:slug>/frame/", poll_views.frame, name="survey-frame"),
    path("surveys/<slug:slug>/letter/", poll_views.letter, name="survey-letter"),
    path("surveys/<slug:slug>/letter/<slug:choice>/", poll_views.letter, name="survey-letter"),
    path("surveys/<slug:slug>/begin/<str:token>/", questionnaires.begin, name="survey-begin"),
    path("surveys/<slug:slug>/answer/<str:token>/", questionnaires.sitting, name="survey-sitting"),
    path("surveys/<slug:slug>/answer/<str:token>/later/", questionnaires.later, name="survey-later"),
    path("surveys/<slug:slug>/answer/<str:token>/<slug:page>/", questionnaires.page, name="survey-page"),
]
