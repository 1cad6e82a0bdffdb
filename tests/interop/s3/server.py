"""An S3-compatible server for tests, which is not ours: moto's, in memory, on 127.0.0.1.

    server.py PORT BUCKET

Prints `ready` when the bucket is there. One request at a time: moto looks whether a name is taken and puts the object in two steps,
which real servers do in one.

`POST /.faults/KIND/N` lets the next N requests that put an object suffer a fault: `lose` carries them out and answers 503 (the client
tries again and finds its own object), `refuse` answers 503 without carrying them out, `hold` carries them out two seconds later; `skip`
lets them pass, before any of these. `delay` carries out two seconds later a request that reads a table's file. After `POST /.faults/of/KEY` only requests signed with that access key do. `GET /.faults/KIND` tells how many are still to come, `GET /.faults/holding` how many are being held.
"""

import sys
import threading
import time

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple

HELD_SECONDS = 2
HELD = ("hold", "delay")


class Faulty:
    def __init__(self, inner):
        self.inner = inner
        self.lock = threading.Lock()
        self.of = ""
        self.left = {"skip": 0, "lose": 0, "refuse": 0, "hold": 0, "delay": 0, "holding": 0}

    def __call__(self, environ, start):
        path = environ["PATH_INFO"]
        if path.startswith("/.faults/"):
            return self.control(environ["REQUEST_METHOD"], path.split("/")[2:], start)
        fault = None
        meant = self.of in environ.get("HTTP_AUTHORIZATION", "")
        kinds = suffered(environ["REQUEST_METHOD"], path) if meant else ()
        if kinds:
            with self.lock:
                fault = next((kind for kind in kinds if self.left[kind] > 0), None)
                if fault:
                    self.left[fault] -= 1
                if fault in HELD:
                    self.left["holding"] += 1
        # Read now: the client may be gone later.
        environ["wsgi.input"] = Octets(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        if fault == "refuse":
            return answer(start, "503 Service Unavailable", "")
        if fault in HELD:
            time.sleep(HELD_SECONDS)
        with self.lock:
            if fault in HELD:
                self.left["holding"] -= 1
            if fault == "lose":
                b"".join(self.inner(environ, lambda *_: None))
                return answer(start, "503 Service Unavailable", "")
            # Whole before the next: an answer in pieces would be made while others write.
            return [b"".join(self.inner(environ, start))]

    def control(self, method, words, start):
        with self.lock:
            if words[0] == "of":
                self.of = words[1]
                return answer(start, "200 OK", "")
            if method == "POST":
                self.left[words[0]] = int(words[1])
            return answer(start, "200 OK", str(self.left[words[0]]))


def suffered(method, path):
    """The faults that a request can suffer, in the order in which they are looked at."""
    if method == "PUT" and path.count("/") > 1:
        return ("skip", "lose", "refuse", "hold")
    if method == "GET" and path.endswith(".parquet"):
        return ("delay",)
    return ()


class Octets:
    """A body that was read already."""

    def __init__(self, octets):
        self.octets = octets

    def read(self, size=-1):
        end = len(self.octets) if size is None or size < 0 else size
        octets, self.octets = self.octets[:end], self.octets[end:]
        return octets

    def readline(self, size=-1):
        return self.read(size)


def answer(start, status, text):
    start(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text.encode()]


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


def make_bucket(port, bucket):
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", **keys)
    client.create_bucket(Bucket=bucket)
    print("ready", flush=True)


def main():
    port, bucket = int(sys.argv[1]), sys.argv[2]
    threading.Thread(target=make_bucket, args=(port, bucket), daemon=True).start()
    app = Faulty(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", port, app, threaded=True, request_handler=Quiet)


main()
