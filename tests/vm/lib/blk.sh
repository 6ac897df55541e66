# shellcheck shell=sh
# For cases with block devices: . "$LIB/blk.sh"
# shellcheck source=tests/vm/lib/back-end.sh
. "$LIB/back-end.sh"

load_module() {
	modprobe virtio_blk || skip "this kernel has no virtio_blk module"
	insmod "$VLB_MODULE" || die "the module does not load"
}

# A back-end that has just lost its device may hold its call files for another moment.
unload_module() {
	wait_for 10 unload
}

unload() {
	rmmod virtio_loopback 2>rmmod.err
}

# start_storage NAME [EXPORT-OPTION...]: an unmodified qemu-storage-daemon serving NAME.img as NAME.sock; its
# process id in NAME.pid. Options of the blockdev in $blockdev_options.
start_storage() {
	name=$1
	shift
	qemu-storage-daemon --pidfile "$name.pid" \
		--blockdev "driver=file,node-name=d,filename=$name.img,discard=unmap${blockdev_options:-}" \
		--export "type=vhost-user-blk,id=e,node-name=d,addr.type=unix,addr.path=$name.sock,writable=${writable:-on}$(printf ',%s' "$@" | sed 's/^,$//')" \
		--chardev "socket,id=qmp,path=$name.qmp,server=on,wait=off" --monitor chardev=qmp \
		>>"$name.log" 2>&1 &
	wait_for 20 listening "$name.sock"
}

# start_testdev NAME OPTION...: tests/vm/programs/testdev.c as NAME.sock
start_testdev() {
	name=$1
	shift
	testdev --socket "$PWD/$name.sock" "$@" >>"$name.log" 2>&1 &
	echo $! >"$name.pid"
	wait_for 20 listening "$name.sock"
}

# attach NAME [OPTION...]: attach NAME.sock as block device NAME, and wait until it is there
attach() {
	name=$1
	shift
	virtio-loopback attach blk --socket "$PWD/$name.sock" --name "$name" --daemonize "$@" ||
		{ show_back_end "$name" && die "attach $name failed"; }
	[ -b "$(node "$name")" ] || die "$name is attached, but has no block device"
}

# attach_background NAME [OPTION...]: the same in the foreground of a job, output to NAME.adapter, pid in adapter_pid
attach_background() {
	name=$1
	shift
	virtio-loopback attach blk --socket "$PWD/$name.sock" --name "$name" "$@" >>"$name.adapter" 2>&1 &
	adapter_pid=$!
	wait_for 20 ready "$name"
}

ready() {
	[ -b "$(node "$1")" ] && grep -q "$1: .*ready" "$1.adapter"
}

# The block device of a virtio-loopback device. Prints /dev/none, which is no block device, if it has none.
node() {
	set -- /sys/class/virtio-loopback/"$1"/virtio*/block/*
	[ -e "$1" ] && echo "/dev/${1##*/}" || echo /dev/none
}

# wait_for_no_scheduler NAME: our udev rule has chosen none
wait_for_no_scheduler() {
	wait_for 5 grep -q "\[none\]" "/sys/class/virtio-loopback/$1"/virtio*/block/*/queue/scheduler
}

# From now on, until the case ends (lib/cleanup), nobody else looks at its disks. What udev has begun is over then.
# The daemon ends: one that was only told to hold its queue has been seen to look at a disk all the same.
keep_udev_away() {
	udevadm settle || die "udev does not come to rest"
	udevadm control --exit || die "udev does not listen"
	wait_for 20 no_udev
}

no_udev() {
	! pgrep -x systemd-udevd >pgrep.out
}

detach() {
	virtio-loopback detach "$@" || die "detach $* failed"
}

state_is() {
	[ "$(cat "/sys/class/virtio-loopback/$1/state" 2>/dev/null)" = "$2" ]
}

device_is_gone() {
	[ ! -e "/sys/class/virtio-loopback/$1" ]
}

# verify NODE FIO-OPTION...: write and read back with checksums in every block
verify() {
	device=$1
	shift
	[ -b "$device" ] || die "$device is not a block device"
	fio --name=verify --filename="$device" --direct=1 --ioengine=io_uring --rw=randwrite \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --minimal --output=fio.out "$@" ||
		{ cat fio.out && die "fio $* found an error"; }
}

# start_fio NAME FIO-OPTION...: fio at work on the device NAME until finish_fio; pid in fio, output in NAME.fio
start_fio() {
	name=$1
	shift
	[ -b "$(node "$name")" ] || die "$name has no block device"
	fio --name=load --filename="$(node "$name")" --direct=1 --ioengine=io_uring --time_based --runtime=3600 \
		--minimal --output="$name.fio" "$@" &
	fio=$!
	wait_for 20 requests_above "$name" $(($(requests "$name") + 200))
}

# The options that make it read everything back and look at it, while it writes.
# shellcheck disable=SC2034 # used by the cases
verifying="--rw=randwrite --bsrange=512-64k --iodepth=32 --size=48m --verify=crc32c --verify_fatal=1 --do_verify=1 --verify_backlog=256"

# finish_fio NAME: end it; it must have seen no error and, if it verifies, must have read something
finish_fio() {
	[ -e "/proc/$fio" ] || { cat "$1.fio" && die "$1: fio has ended early"; }
	kill -INT "$fio"
	wait "$fio"
	status=$?
	# 128: ended by the signal. Fields: 5 errors, 6 KiB read.
	[ $status = 0 ] || [ $status = 128 ] || { cat "$1.fio" && die "$1: fio ended with $status"; }
	awk -F ';' '$1 == 3 { seen = 1; if ($5 != 0 || $6 == 0) bad = 1 } END { exit !seen || bad }' "$1.fio" ||
		{ cat "$1.fio" && die "$1: fio saw an error, or read nothing"; }
}

requests_above() {
	[ "$(requests "$1")" -gt "$2" ]
}
