# shellcheck shell=sh
# For the cases: . "$LIB/lib.sh"

# The case fails, and says why.
die() {
	echo "$*"
	exit 1
}

# The case does not apply here; the reason is its last line.
skip() {
	echo "$*"
	exit 77
}

# require COMMAND...: skip unless it succeeds. Ask for a feature, never for a version.
require() {
	"$@" >/dev/null 2>&1 || skip "needs: $*"
}

# wait_for SECONDS COMMAND...: until it succeeds. The seconds are those of a real machine; an emulated
# one gets more.
wait_for() {
	tries=$(($1 * VLB_SCALE * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || die "waited too long for: $*"
		sleep 0.1
	done
}
