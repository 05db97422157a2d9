# SPDX-License-Identifier: BSD-3-Clause
# For the scripts of tests.yaml: starts servers and waits until they answer.

# serve APPLICATION GUESTPORT [OPTION...] [-- ARGUMENT...]
# Starts an application with a free host port leading to GUESTPORT; sets PORT and SERVER, its
# process. It is ended with the script.
serve() {
  local application=$1 guest=$2 try
  shift 2
  for try in 1 2 3; do
    PORT=$((20000 + RANDOM % 10000))
    martlet run -p "$PORT:$guest" --timeout "${SERVER_TIME:-240}" "$application" "$@" \
      >server.out 2>server.err </dev/null &
    SERVER=$!
    trap 'end_server' EXIT
    if answers "$PORT"; then return 0; fi
    end_server
  done
  echo "the server did not answer:" >&2
  cat server.err >&2
  return 1
}

# Waits until somebody sends or takes something behind a port: QEMU takes connections before the
# guest is there, and closes them when it is not.
answers() {
  local turn
  for turn in $(seq 300); do
    kill -0 "$SERVER" 2>/dev/null || return 1
    if python3 - "$1" <<'PYTHON'
import socket, sys
try:
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)
    s.settimeout(0.4)
    try:
        sys.exit(1 if s.recv(1) == b"" else 0)
    except socket.timeout:
        sys.exit(0)
except OSError:
    sys.exit(1)
PYTHON
    then return 0; fi
    sleep 0.2
  done
  return 1
}

# Ends the server as Ctrl-C does.
end_server() {
  trap - EXIT
  [ -n "$SERVER" ] || return 0
  kill -INT "$SERVER" 2>/dev/null
  wait "$SERVER" 2>/dev/null
  SERVER=
}
