# SPDX-License-Identifier: BSD-3-Clause
# For the scripts of tests.yaml: starts servers and waits until they answer.

# serve APPLICATION GUESTPORT [OPTION...] [-- ARGUMENT...]
# Starts an application with a free host port leading to GUESTPORT; sets PORT and SERVER, its
# process, which is ended with the script. The command PROBE tells whether the server answers;
# INPUT names a file for its standard input,
# PROTOCOLS says what the port carries: tcp, udp or "tcp udp".
serve() {
  local application=$1 guest=$2 try protocol ports
  shift 2
  for try in 1 2 3; do
    PORT=$((20000 + RANDOM % 10000))
    ports=()
    for protocol in ${PROTOCOLS:-tcp}; do ports+=(-p "$PORT:$guest/$protocol"); done
    martlet run "${ports[@]}" --timeout "${SERVER_TIME:-240}" "$application" "$@" \
      >server.out 2>server.err <"${INPUT:-/dev/null}" &
    SERVER=$!
    trap 'end_server' EXIT
    if answers; then return 0; fi
    end_server
  done
  echo "the server did not answer:" >&2
  cat server.err >&2
  return 1
}

# Waits until the server answers: until the command PROBE succeeds. QEMU takes connections long before
# the guest is there.
answers() {
  local turn
  for turn in $(seq 300); do
    kill -0 "$SERVER" 2>/dev/null || return 1
    if eval "timeout 5 ${PROBE:?what the server answers}" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  return 1
}

# Ends the server as Ctrl-C does.
end_server() {
  trap - EXIT
  [ -n "$SERVER" ] || return 0
  kill -INT "$SERVER" 2>/dev/null || true
  wait "$SERVER" 2>/dev/null || true
  SERVER=
}
