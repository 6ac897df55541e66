# shellcheck shell=sh
# What the module counts for each queue (docs/uapi.md). Sourced by back-end.sh.

# counter NAME QUEUE FIELD
counter() {
	cut -d ' ' -f "$3" "/sys/class/virtio-loopback/$1/stats/$2"
}

# total NAME FIELD: of all queues
total() {
	awk -v field="$2" '{ n += $field } END { print n + 0 }' "/sys/class/virtio-loopback/$1/stats/"*
}

requests() { total "$1" 2; }
bytes() { total "$1" 3; }
# which the back-end holds
in_flight() { total "$1" 6; }
# which were handed out again
replays() { total "$1" 7; }
# which failed without a back-end
errors() { total "$1" 8; }
# whose pages were granted, whose data lay in shared memory, and whose data was copied
granted() { total "$1" 9; }
shared() { total "$1" 10; }
copied() { total "$1" 11; }
