"""LibreSpeed's addresses on Python's own HTTP server: an end that shares no line with ours.

python3 server.py keep-alive|closing|chunked [FOLDER]

Listens on a free port of 127.0.0.1, prints it, and serves FOLDER (default /backend) with names that end in .php. `closing`
answers as HTTP/1.0 servers do, one request to a connection; `chunked` sends downloads in chunks, as PHP does.
"""

import http.server
import os
import sys
import urllib.parse

MODE = sys.argv[1]
FOLDER = sys.argv[2] if len(sys.argv) > 2 else "/backend"
MIB = os.urandom(1 << 20)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0" if MODE == "closing" else "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == f"{FOLDER}/empty.php":
            self.say(200)
        elif url.path == f"{FOLDER}/getIP.php":
            self.say(200, self.client_address[0].encode())
        elif url.path == f"{FOLDER}/garbage.php":
            self.garbage(int(query.get("ckSize", ["4"])[0]))
        else:
            self.say(404, b"no such page")

    def garbage(self, chunks):
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        if MODE == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        elif MODE == "keep-alive":
            self.send_header("Content-Length", str(chunks << 20))
        self.end_headers()
        for _ in range(chunks):
            if MODE == "chunked":
                self.wfile.write(b"100000;part=1\r\n" + MIB + b"\r\n")
            else:
                self.wfile.write(MIB)
        if MODE == "chunked":
            self.wfile.write(b"0\r\n\r\n")

    def do_POST(self):
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 16))) or left
        self.say(200)

    def handle(self):
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
