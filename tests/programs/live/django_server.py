"""A Django project in one file, served by runserver: python django_server.py PORT. It ends with its standard input."""

import logging
import os
import sys
import threading

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.template import Context, Engine
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    LOGGING_CONFIG=None,
    ROOT_URLCONF=__name__,
    SECRET_KEY="test",
    USE_TZ=True,
)
logging.disable()  # a line for each request would bury the test's own output
TEMPLATE = Engine().from_string("{% for row in rows %}<tr><td>{{ row }}</td></tr>{% endfor %}")


def list_rows(request):
    return HttpResponse(TEMPLATE.render(Context({"rows": range(1500)})))


urlpatterns = [path("", list_rows)]


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
execute_from_command_line(["manage", "runserver", "--noreload", "--skip-checks", "127.0.0.1:" + sys.argv[1]])
