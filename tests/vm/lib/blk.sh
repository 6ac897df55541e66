# shellcheck shell=sh
# For cases with block devices: . "$LIB/blk.sh"
# shellcheck source=tests/vm/lib/lib.sh
. "$LIB/lib.sh"

load_module() {
	modprobe virtio_blk || skip "this kernel has no virtio_blk module"
	insmod "$VLB_MODULE" || die "the module does not load"
}

unload_module() {
	rmmod virtio_loopback || die "the module cannot be unloaded"
}

listening() {
	ss -xl 2>/dev/null | grep -q -- "$1"
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

gone() {
	[ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# attach NAME [OPTION...]: attach NAME.sock as block device NAME, and wait until it is there
attach() {
	name=$1
	shift
	virtio-loopback attach blk --socket "$PWD/$name.sock" --name "$name" --daemonize "$@" ||
		die "attach $name failed"
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
