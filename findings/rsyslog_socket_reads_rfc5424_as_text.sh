#!/usr/bin/env bash
# rsyslog's Unix socket does not read RFC 5424, the protocol that its TCP and UDP inputs read: of a valid
# message the version number becomes the program's name and the header becomes text. What a Unix socket
# expects is the line that syslog(3) writes, of RFC 3164 without a host.
#
# rsyslog 8.2302.0 (Debian 12 packages rsyslog 8.2302.0-1+deb12u2, libestr0 0.1.11-1, libfastjson4
# 1.2304.0-1), with the defaults of imuxsock for a socket of one's own. Needs apt-get and dpkg; nothing is
# installed.
#
# Output seen:
#   rfc5424: program 1, text < 2026-01-31T23:59:59.123456Z host bot 4711 - - Order filled>
#   rfc3164: program bot, text < Order filled>
#
# What it means here: a handler with a `unix:///...` url writes RFC 3164 unless its format says otherwise
# (tests/integration/test_network_handlers.py).
set -euo pipefail

scratch=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; rm -rf "$scratch"' EXIT
cd "$scratch"
apt-get download --quiet --quiet rsyslog=8.2302.0-1+deb12u2 libestr0=0.1.11-1 libfastjson4=1.2304.0-1
for package in ./*.deb; do dpkg --extract "$package" root; done
libraries=$(dirname "$(find root -name 'libestr.so*' | head -n 1)")
modules=$(dirname "$(find root -name imuxsock.so)")
export LD_LIBRARY_PATH=$PWD/$libraries

cat >rsyslog.conf <<CONFIG
global(workDirectory="$PWD")
module(load="imuxsock" SysSock.Use="off")
template(name="seen" type="string" string="program %programname%, text <%msg%>\n")
input(type="imuxsock" Socket="$PWD/socket")
action(type="omfile" file="$PWD/seen" template="seen")
CONFIG
root/usr/sbin/rsyslogd -n -M "$PWD/$modules" -f rsyslog.conf -i "$PWD/pid" 2>errors &
daemon=$!

python3 - <<'PROGRAM'
import os, socket, time
deadline = time.monotonic() + 30
while not os.path.exists("socket"):
    assert time.monotonic() < deadline, open("errors").read()
    time.sleep(0.05)
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sender.connect("socket")
sender.send(b"<14>1 2026-01-31T23:59:59.123456Z host bot 4711 - - Order filled")
sender.send(b"<14>Jan 31 23:59:59 bot[4711]: Order filled")
while not os.path.exists("seen") or open("seen").read().count("\n") < 2:
    assert time.monotonic() < deadline, open("errors").read()
    time.sleep(0.05)
PROGRAM

seen=$(paste -d ' ' <(printf 'rfc5424:\nrfc3164:\n') seen)
echo "$seen"
expected="rfc5424: program 1, text < 2026-01-31T23:59:59.123456Z host bot 4711 - - Order filled>
rfc3164: program bot, text < Order filled>"
if [ "$seen" != "$expected" ]; then
  echo "rsyslog reads the messages differently now" >&2
  exit 1
fi
