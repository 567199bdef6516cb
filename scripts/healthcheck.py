"""Exit 0 when the web server of this container answers its log-in page, as the proxy would ask for it."""

import http.client
import os
import sys

host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
link = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=8)
try:
    link.request("GET", "/account/login/", headers={"Host": host, "X-Forwarded-Proto": "https"})
    status = link.getresponse().status
except OSError as problem:
    sys.exit(f"no answer: {problem}")
sys.exit(0 if status == 200 else f"status {status}")
