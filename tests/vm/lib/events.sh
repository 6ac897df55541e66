# shellcheck shell=sh
# Counts events of the kernel. Sourced by cases: . "$LIB/events.sh"
events=/sys/kernel/tracing/events
[ -e "$events/sched/sched_waking/hist" ] || skip "this kernel has no histograms of events"

# counted EVENT KEY COMMAND...: how often the event came, for each value of the key, while the command ran; in hist,
# whose lines are { comm: dd } hitcount: 2003
counted() {
	event=$events/$1
	key=$2
	shift 2
	echo "hist:keys=$key" >"$event/trigger" || die "no trigger"
	status=0
	"$@" || status=$?
	cat "$event/hist" >hist
	echo "!hist:keys=$key" >"$event/trigger"
	[ $status = 0 ] || die "$*: exit status $status"
}

# of TASK...: the count of these in hist; regular expressions for their names
of() {
	awk -v tasks="$(IFS="|" && echo "$*")" '$0 ~ "comm: (" tasks ") " { n += $NF } END { print n + 0 }' hist
}
