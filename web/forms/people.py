"""Forms about people, parties, contacts, tokens and one's own account."""

from django import forms
from django.utils.translation import gettext_lazy as _

PARTY_KINDS = (
    ("buyer", _("Buyer")),
    ("vendor", _("Vendor")),
    ("supervisor", _("Supervisor")),
    ("platform", _("Platform operator")),
)
PURPOSES = (
    ("notice", _("Legal notices")),
    ("project", _("Project lead")),
    ("fault", _("Fault hotline")),
    ("finance", _("Finance")),
)
SCOPE_LABELS = (
    ("contracts", _("Contracts and line items")),
    ("obligations", _("Obligations and deadlines")),
    ("reminders", _("Reminders")),
    ("milestones", _("Milestones")),
    ("penalties", _("Penalties")),
)


class PartyForm(forms.Form):
    name = forms.CharField(label=_("Full name"), max_length=200)
    short_name = forms.CharField(label=_("Short name"), max_length=60, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=PARTY_KINDS)
    registered_address = forms.CharField(label=_("Registered address"), max_length=300, required=False)
    postal_address = forms.CharField(label=_("Postal address"), max_length=300, required=False)
    tax_number = forms.CharField(label=_("Tax number"), max_length=40, required=False)


class PartyEditForm(forms.Form):
    short_name = forms.CharField(label=_("Short name"), max_length=60, required=False)
    registered_address = forms.CharField(label=_("Registered address"), max_length=300, required=False)
    postal_address = forms.CharField(label=_("Postal address"), max_length=300, required=False)
    tax_number = forms.CharField(label=_("Tax number"), max_length=40, required=False)


class ContactForm(forms.Form):
    purpose = forms.ChoiceField(label=_("Purpose"), choices=PURPOSES)
    name = forms.CharField(label=_("Name"), max_length=80)
    email = forms.EmailField(label=_("E-mail address"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    address = forms.CharField(label=_("Address"), max_length=300, required=False)
    source = forms.CharField(
        label=_("Source"),
        max_length=200,
        required=False,
        help_text=_("The clause or letter this address comes from."),
    )


class PersonForm(forms.Form):
    username = forms.CharField(label=_("User name"), max_length=60)
    display_name = forms.CharField(label=_("Name"), max_length=80)
    party = forms.TypedChoiceField(label=_("Party"), coerce=int, help_text=_("Fixed for the life of the account."))
    department = forms.CharField(label=_("Department"), max_length=80, required=False)
    email = forms.EmailField(label=_("E-mail address"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)

    def __init__(self, *args: object, parties: list[tuple[int, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["party"].choices = parties  # type: ignore[attr-defined]


class PersonEditForm(forms.Form):
    display_name = forms.CharField(label=_("Name"), max_length=80)
    department = forms.CharField(label=_("Department"), max_length=80, required=False)
    email = forms.EmailField(label=_("E-mail address"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    is_active = forms.BooleanField(label=_("May log in"), required=False)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: object, roles: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class PreferencesForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=(("zh-hans", _("Chinese")), ("en", _("English"))))


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What it is for"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=_("What it may read"), choices=SCOPE_LABELS, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(label=_("Days until it expires"), min_value=1, max_value=366, initial=90)
