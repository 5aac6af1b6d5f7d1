# Owns one cluster: makes its directory, runs its server, and removes both when
# its standard input ends, that is when the process that started it is gone.
# Reads one command a line and answers each with "ok ..." or "failed ...".
# DIR and BIN come from the environment, the server's arguments as parameters.
# PIPE: an answer may find nobody left to read it.
trap '' HUP INT PIPE QUIT TERM
umask 077
password=$SUPERUSER_PASSWORD
unset SUPERUSER_PASSWORD
pid=

answer() { printf '%s\n' "$*" 2>/dev/null; }

# The server is a child of this shell: once it has ended, waiting for `sleep`
# (or the signal itself) reaps it and `kill -0` fails.
alive() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }

# Backends lead sessions of their own, so they are found by their parent.
kill_tree() {
  children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null) ||
    children=$(ps -A -o pid= -o ppid= 2>/dev/null | while read -r child parent; do
      [ "$parent" = "$pid" ] && echo "$child"
    done)
  # shellcheck disable=SC2086 # a list of numbers
  kill -s KILL "$pid" $children 2>/dev/null
}

# Signals the server and waits; after a third of a minute it is killed.
stop() {
  tries=0
  while alive; do
    if [ "$1" = KILL ] || [ "$tries" -ge 400 ]; then
      kill_tree
    elif [ "$tries" -eq 0 ]; then
      kill -s "$1" "$pid" 2>/dev/null
    fi
    tries=$((tries + 1))
    sleep 0.05
  done
  pid=
}

create() {
  mkdir "$DIR" && printf '%s\n' "$password" >"$DIR/password" || return 1
  "$BIN/initdb" -D "$DIR/data" -U postgres --pwfile "$DIR/password" \
    --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C --no-sync \
    </dev/null >"$DIR/initdb.log" 2>&1 || return 1
  rm -f "$DIR/password"
}

# The first line of postmaster.pid is the server's process, and the eighth says
# "ready" once connections are accepted.
ready() {
  { read -r owner <"$DIR/data/postmaster.pid"; } 2>/dev/null && [ "$owner" = "$pid" ] &&
    grep -q '^ready' "$DIR/data/postmaster.pid" 2>/dev/null
}

start() {
  "$BIN/postgres" -D "$DIR/data" -c unix_socket_directories="$DIR" "$@" \
    </dev/null >>"$DIR/server.log" 2>&1 &
  pid=$!
  tries=0
  until ready; do
    tries=$((tries + 1))
    if ! alive || [ "$tries" -ge 1200 ]; then
      stop QUIT
      return 1
    fi
    sleep 0.05
  done
}

# Backends whose server was killed by someone else may still be writing.
remove() {
  cd / || return
  tries=0
  until rm -rf "$DIR" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -ge 200 ] && return 1
    sleep 0.05
  done
}

while read -r command signal; do
  case $command in
    create) if create; then answer ok; else answer failed; fi ;;
    start) if start "$@"; then answer ok "$pid"; else answer failed; fi ;;
    stop) stop "$signal"; answer ok ;;
    keep) answer ok; exit 0 ;;
  esac
done
stop QUIT
remove
