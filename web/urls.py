"""Addresses of the staff door, by subject."""

from django.urls import path

from web.views import account, home, journal, people, system

app_name = "web"
urlpatterns = [
    path("", home.home, name="home"),
    path("people/", people.people_list, name="people"),
    path("people/new/", people.person_create, name="person_create"),
    path("people/<int:person_id>/", people.person, name="person"),
    path("people/<int:person_id>/edit/", people.person_edit, name="person_edit"),
    path("people/<int:person_id>/roles/", people.role_grant, name="role_grant"),
    path("people/roles/<int:membership_id>/revoke/", people.role_revoke, name="role_revoke"),
    path("parties/", people.parties, name="parties"),
    path("parties/new/", people.party_create, name="party_create"),
    path("parties/<int:party_id>/", people.party, name="party"),
    path("parties/<int:party_id>/edit/", people.party_edit, name="party_edit"),
    path("parties/<int:party_id>/contacts/new/", people.contact_add, name="contact_add"),
    path("contacts/<int:contact_id>/end/", people.contact_end, name="contact_end"),
    path("me/", account.preferences, name="preferences"),
    path("me/tokens/", account.token_list, name="tokens"),
    path("me/tokens/<int:token_id>/revoke/", account.token_revoke, name="token_revoke"),
    path("journal/", journal.journal_list, name="journal"),
    path("journal/verify/", journal.journal_verify, name="journal_verify"),
    path("system/", system.system, name="system"),
    path("system/test-mail/", system.test_mail, name="test_mail"),
]
