"""A message that a local HTTP service answers: by the gateway, by Pushpin, and the HTTP hop
alone, by nginx as a reverse proxy, which is the yardstick.

The service is nginx too, and says the same to everybody at once. It shares the CPU of the
load generator, so that the server's CPU is the server's alone."""

import contextlib
import json
import os
import pathlib
import shutil
import tempfile
import time

import servers

NGINX = """\
daemon off; master_process off; worker_processes 1; error_log stderr crit;
pid {folder}/{name}.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s;
    client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
    fastcgi_temp_path {folder}/{name}-f; uwsgi_temp_path {folder}/{name}-u;
    scgi_temp_path {folder}/{name}-s;
    {http}
}}
"""

SERVICE = """\
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{body}"; }} }}
"""

# What Pushpin is told is events of WebSockets; one of six octets is a new connection.
EVENTS = """\
    map $content_length $event {{ 6 "OPEN\\r\\n"; default "TEXT {hex}\\r\\n{body}\\r\\n"; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ default_type application/websocket-events; return 200 $event; }}
    }}
"""

PROXY = """\
    upstream service {{
        server 127.0.0.1:{to}; keepalive 1024; keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://service; proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
"""

PUSHPIN = """\
[global]
include={{libdir}}/internal.conf
rundir={folder}
ipc_prefix=bench-
port_offset=0
stats_connection_ttl=120
[runner]
services=condure,zurl,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:{port}
logdir={folder}
log_level=0
client_buffer_size=8192
client_maxconn=4096
condure_bin=condure
zurl_bin=zurl
[proxy]
routesfile={folder}/routes
zurl_out_specs=ipc://{folder}/bench-zurl-in
zurl_out_stream_specs=ipc://{folder}/bench-zurl-in-stream
zurl_in_specs=ipc://{folder}/bench-zurl-out
[handler]
push_in_spec=ipc://{folder}/push
push_in_sub_spec=ipc://{folder}/push-sub
command_spec=ipc://{folder}/command
message_rate=1000000
message_hwm=1000000
"""


def programs():
    """Of the servers of a row, those that are installed; none without nginx."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    found = {name: shutil.which(name, path=path) for name in ("nginx", "pushpin")}
    return {name: path for name, path in found.items() if path}


class Nginx(servers.Listener):
    ends_well = False  # a signal may interrupt it while it has connections

    def __init__(self, name, folder, http, placement, **more):
        super().__init__(name, placement)
        file = pathlib.Path(folder, f"{name}.conf")
        http = http.format(port=self.port, **more)
        file.write_text(NGINX.format(folder=folder, name=name, http=http), encoding="utf-8")
        self.command = [programs()["nginx"], "-p", folder, "-c", str(file)]


class Service(Nginx):
    def __init__(self, folder, row, name, placement):
        class Beside:
            server = placement.load

        # It ends as the posts' answers have to, and is as long as the message.
        body = "x" * (row.size - 4) + "\\r\\n\\r\\n"
        http = EVENTS if name == "pushpin" else SERVICE
        super().__init__("service", folder, http, Beside, body=body, hex=f"{row.size:x}")


class Gateway(servers.Listener):
    def __init__(self, folder, found, service, placement, workers):
        super().__init__("jackfield", placement)
        route = {"url": f"http://127.0.0.1:{service.port}/", "two_way": True,
                 "concurrency": 1024}
        config = {"listen": {"port": self.port}, "workers": workers,
                  "plugins": [{"file": found["http.so"], "options": {"$default": route}}]}
        file = pathlib.Path(folder, "jackfield.json")
        file.write_text(json.dumps(config), encoding="utf-8")
        self.command = [found["jackfield"], "run", "-c", str(file)]

    def pids(self):
        return [self.process.pid]


class Pushpin(servers.Listener):
    """Several processes, whose cost is the sum."""

    ends_well = False

    def __init__(self, folder, service, placement):
        super().__init__("pushpin", placement)
        pathlib.Path(folder, "routes").write_text(
            f"* 127.0.0.1:{service.port},over_http\n", encoding="utf-8")
        file = pathlib.Path(folder, "pushpin.conf")
        file.write_text(PUSHPIN.format(folder=folder, port=self.port), encoding="utf-8")
        self.command = [programs()["pushpin"], f"--config={file}"]

    def wait_until_it_listens(self):
        super().wait_until_it_listens()
        time.sleep(1)  # its parts find each other

    def pids(self):
        pids, at = [self.process.pid], 0
        while at < len(pids):
            for task in pathlib.Path(f"/proc/{pids[at]}/task").iterdir():
                pids += [int(pid) for pid in (task / "children").read_text().split()]
            at += 1
        return pids


def open_server(stack, name, folder, found, service, placement, workers):
    if name == "nginx":
        return stack.enter_context(
            Nginx("proxy", folder, PROXY, placement, to=service.port))
    if name == "pushpin":
        return stack.enter_context(Pushpin(folder, service, placement))
    return stack.enter_context(Gateway(folder, found, service, placement, workers))


def measure(row, name, found, placement, workers, warm_up, seconds):
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        service = stack.enter_context(Service(folder, row, name, placement))
        server = open_server(stack, name, folder, found, service, placement, workers)
        if name == "nginx":
            command = servers.posts_command(row, server, found, warm_up, seconds)
        else:
            command = servers.load_command(row, [server.port], [], found, warm_up, seconds)
            for pid in server.pids():
                command[1:1] = ["-P", str(pid)]
        value = servers.run_load(command, row, placement, warm_up + seconds, [server, service])
    value["cpu_ns"] = sum(value.get("cpu_ns_each", [value["cpu_ns"]]))
    return value
