# shellcheck shell=sh
# Back-ends as processes: NAME.pid, output in NAME.log, socket NAME.sock. Sourced by blk.sh and devices.sh.
# shellcheck source=tests/vm/lib/lib.sh
. "$LIB/lib.sh"
# shellcheck source=tests/vm/lib/counters.sh
. "$LIB/counters.sh"

# It listens, or has done so: an adapter that waits for it may be faster than a look at it, and many back-ends do not
# listen while they have a front-end. vhost-device-* number their sockets.
listening() {
	ss -xa 2>/dev/null | grep -q -E -- "(LISTEN|ESTAB) .*$1[0-9]* "
}

# start_back_end NAME COMMAND...: in the background, until it listens on NAME.sock or is connected there
start_back_end() {
	name=$1
	shift
	"$@" >>"$name.log" 2>&1 &
	echo $! >"$name.pid"
	wait_for 20 up "$name"
}

up() {
	! gone "$(cat "$1.pid")" || { cat "$1.log" && die "the back-end $1 has ended"; }
	listening "$1.sock"
}

# kill_back_end NAME: without mercy, and until it is gone
kill_back_end() {
	pid=$(cat "$1.pid")
	kill -9 "$pid"
	wait_for 20 gone "$pid"
}

# stop_back_end NAME: as its user would, and until it is gone
stop_back_end() {
	pid=$(cat "$1.pid")
	kill "$pid"
	wait_for 20 gone "$pid"
}

# With all its threads, so that its sockets are closed.
gone() {
	! grep -q '^State:.*[^Z] (' "/proc/$1/task"/*/status 2>/dev/null
}

# Whatever may explain why a back-end does not do its work.
show_back_end() {
	echo "the back-end's output: $(tail -n 5 "$1.log")"
	echo "its sockets: $(ss -xap | grep -- "$1.sock")"
	pid=$(cat "$1.pid" 2>/dev/null)
	gone "$pid" && echo "it has ended" && return
	for task in /proc/"$pid"/task/*; do
		echo "${task##*/} $(cat "$task/comm") $(sed -n 's/^State:\t//p' "$task/status"): $(tr '\n' ' ' <"$task/stack")"
	done
}

