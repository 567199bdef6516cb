"""What every staff and portal page needs around its content: navigation, badges, language, theme."""

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, object]:
    return {}
