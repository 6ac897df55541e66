# shellcheck shell=sh
# For cases with network interfaces: . "$LIB/net.sh". Each is moved to a network namespace of the name of its device and
# called virt0 there, so that what is sent to it really leaves through it.
# shellcheck source=tests/vm/lib/blk.sh
. "$LIB/blk.sh"
# shellcheck source=tests/vm/lib/devices.sh
. "$LIB/devices.sh"

# What ip puts there would outlive the namespaces of a case.
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns || die "no /run/netns"

# in_ns NAME COMMAND...
in_ns() {
	namespace=$1
	shift
	ip netns exec "$namespace" "$@"
}

# isolate NAME [ADDRESS/LENGTH]: move the interface of device NAME to namespace NAME, which it makes if it is not there
isolate() {
	set -- "$1" "${2:-}" /sys/class/virtio-loopback/"$1"/virtio*/net/*
	[ -e "$3" ] || die "$1 has no interface here"
	[ -e "/run/netns/$1" ] || ip netns add "$1" || die "ip netns add failed"
	ip link set "${3##*/}" netns "$1" name virt0 || die "$1: ${3##*/} cannot be moved"
	in_ns "$1" ip link set lo up
	in_ns "$1" ip link set virt0 up || die "$1: the interface does not go up"
	[ -z "$2" ] || in_ns "$1" ip address add "$2" dev virt0
}

# pings NAME ADDRESS [OPTION...]: five answers, or it fails
pings() {
	namespace=$1
	address=$2
	shift 2
	in_ns "$namespace" busybox ping -q -c 5 -i 0.2 -w $((5 * VLB_SCALE)) "$@" "$address" >ping.out 2>&1 &&
		grep -q ' 5 packets received' ping.out
}

# is_silent NAME ADDRESS: no answer for two seconds
is_silent() {
	! in_ns "$1" busybox ping -q -c 4 -i 0.5 -w 2 "$2" >/dev/null 2>&1
}

# receive NAME|"" PORT FILE: listen there (nowhere special: here), until the sender is done; $receiver. The file is new.
receive() {
	rm -f "$3"
	${1:+ip netns exec "$1"} timeout $((30 * VLB_SCALE)) socat -u -b 65536 "TCP4-LISTEN:$2,reuseaddr" "CREATE:$3" &
	receiver=$!
	wait_for 10 listens "$1" "$2"
}

listens() {
	${1:+ip netns exec "$1"} ss -tlnH "sport = :$2" | grep -q .
}

# send NAME|"" FILE ADDRESS PORT
send() {
	${1:+ip netns exec "$1"} timeout $((30 * VLB_SCALE)) socat -u -b 65536 "OPEN:$2" "TCP4:$3:$4"
}

# transfer FROM TO ADDRESS PORT FILE: and compare
transfer() {
	receive "$2" "$4" received
	send "$1" "$5" "$3" "$4" || die "sending $5 from ${1:-outside} to ${2:-outside} failed"
	wait $receiver || die "receiving $5 from ${1:-outside} in ${2:-outside} failed: $(wc -c <received) of $(wc -c <"$5") bytes"
	cmp "$5" received || die "$5 has changed on its way from ${1:-outside} to ${2:-outside}"
}

# Has the file more than so many bytes?
grows() {
	[ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt "$2" ]
}

# bandwidth FROM ADDRESS IPERF-OPTION...: there has to be a server; its and our sum must be the same. $processor: where
# the sender runs.
bandwidth() {
	namespace=$1
	address=$2
	shift 2
	in_ns "$namespace" taskset -c "${processor:-0,1}" iperf3 -c "$address" --json "$@" >iperf.json || die "iperf3: $(cat iperf.json)"
	python3 - "$*" <<-'END' || die "iperf3: $(cat iperf.json)"
		import json, sys
		end = json.load(open("iperf.json"))["end"]
		sent, received = end["sum_sent"]["bytes"], end["sum_received"]["bytes"]
		print("iperf3 %s: %d bytes, %.0f Mbit/s" % (sys.argv[1], received, end["sum_received"]["bits_per_second"] / 1e6))
		sys.exit(received < 1000000 or received > sent)
	END
}
