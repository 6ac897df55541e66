# shellcheck shell=sh disable=SC2034
# For cases with other devices than block: . "$LIB/devices.sh"
#
# start_TYPE NAME ... starts an unmodified back-end: socket NAME.sock, process id in NAME.pid, output in NAME.log; the
# functions that kill, stop and show one are in back-end.sh. make_... prepares what the back-end needs behind it, and
# says in a variable what that is; lib/cleanup takes it away again.
# shellcheck source=tests/vm/lib/back-end.sh
. "$LIB/back-end.sh"

# attach_type TYPE NAME [OPTION...]: attach NAME.sock as device NAME of this type; it is ready then
attach_type() {
	type=$1
	name=$2
	shift 2
	virtio-loopback attach "$type" --socket "$PWD/$name.sock" --name "$name" --daemonize "$@" ||
		{ show_back_end "$name" && die "attach $type $name failed"; }
}

# reading FIFO COMMAND...: with that for its input. The FIFO is open for writing too, or the end of a line would be the
# end of the input.
reading() {
	fifo=$1
	shift
	exec "$@" <>"$fifo"
}

# node_of NAME PATTERN: what the driver of the device NAME made, by its path below the virtio device ("gpiochip*"): the
# last part of that path. Fails if there is none.
node_of() {
	# shellcheck disable=SC2086 # a pattern
	set -- /sys/class/virtio-loopback/"$1"/virtio*/$2
	[ -e "$1" ] && echo "${1##*/}"
}

# start_numbered NAME COMMAND...: most vhost-device programs serve several devices and add a number to the path that
# they are given, also if it is only one device.
start_numbered() {
	ln -sf "$1.sock0" "$1.sock"
	start_back_end "$@" --socket-path "$PWD/$1.sock"
}

has_in_flight() {
	[ "$(in_flight "$1")" -ge "$2" ]
}

# ---- rng: 1 queue, at most 1024

# start_rng NAME [OPTION...]: --rng-source FILE, /dev/urandom by default; --period MS and --max-bytes N for a limited
# rate
start_rng() {
	name=$1
	shift
	start_numbered "$name" vhost-device-rng "$@"
}

# ---- input: 2 queues (events, status), at most 1024

# make_input NAME: a keyboard and mouse of uinput of this name, until the case ends; $input is its event device. Lines to
# the FIFO NAME.events, "EV_KEY KEY_A 1", make events, each with a SYN. What is written to it (LEDs) is in NAME.uinput.log.
make_input() {
	modprobe uinput || skip "this kernel has no uinput"
	mkfifo "$1.events"
	python3 "$LIB/uinput.py" "$1" <>"$1.events" >"$1.node" 2>"$1.uinput.log" &
	wait_for 10 [ -s "$1.node" ]
	input=$(cat "$1.node")
}

# start_input NAME EVENT-DEVICE: which must exist already. The back-end grabs it.
start_input() {
	start_numbered "$1" vhost-device-input --event-list "$2"
}

# start_input_qemu NAME EVENT-DEVICE: QEMU's, which also writes there what is written to the virtio device. It serves one
# connection, and then ends.
start_input_qemu() {
	start_back_end "$1" vhost-user-input --evdev-path "$2" --socket-path "$PWD/$1.sock"
}

# start_keyboard NAME: a program of our own (tests/vm/programs/keyboarddev.c), for want of a published one with LEDs
start_keyboard() {
	start_back_end "$1" keyboarddev --socket-path "$PWD/$1.sock"
}

# ---- gpio: 2 queues (requests, interrupts), at most 256

# make_gpio NAME LINES: a chip of gpio-sim, its lines named NAME-0, NAME-1... $chip is the number of its
# /dev/gpiochip.
make_gpio() {
	modprobe gpio-sim || skip "this kernel has no gpio-sim"
	config=/sys/kernel/config/gpio-sim/$1
	[ -d /sys/kernel/config/gpio-sim ] || mount -t configfs configfs /sys/kernel/config
	mkdir -p "$config/bank"
	echo "$2" >"$config/bank/num_lines"
	line=0
	while [ $line -lt "$2" ]; do
		mkdir "$config/bank/line$line"
		echo "$1-$line" >"$config/bank/line$line/name"
		line=$((line + 1))
	done
	echo 1 >"$config/live"
	wait_for 10 [ -c "/dev/$(cat "$config/bank/chip_name")" ]
	chip=$(sed 's/gpiochip//' "$config/bank/chip_name")
}

# gpio_sim NAME: the directory of the chip's lines: sim_gpioN/value is what the line is at, sim_gpioN/pull what the world
# outside does to it ("pull-up", "pull-down")
gpio_sim() {
	config=/sys/kernel/config/gpio-sim/$1
	echo "/sys/devices/platform/$(cat "$config/dev_name")/$(cat "$config/bank/chip_name")"
}

# remove_gpio NAME: take it away again, after its back-end
remove_gpio() {
	config=/sys/kernel/config/gpio-sim/$1
	echo 0 >"$config/live"
	rmdir "$config"/bank/line* "$config/bank" "$config"
}

# start_gpio NAME CHIP-NUMBER
start_gpio() {
	start_numbered "$1" vhost-device-gpio --device-list "$2"
}

# ---- i2c: 1 queue, at most 1024

# find_i2c ADAPTER-NAME: its number, that of its /dev/i2c-, in $bus
find_i2c() {
	for adapter in /sys/bus/i2c/devices/i2c-*; do
		[ "$(cat "$adapter/name")" != "$1" ] || bus=${adapter##*/i2c-}
	done
}

# make_i2c ADDRESS...: chips of i2c-stub, 256 registers each, by SMBus only; once in a case. $bus is the number
# of its /dev/i2c-.
make_i2c() {
	modprobe i2c-dev || skip "this kernel has no i2c-dev"
	modprobe i2c-stub "chip_addr=$(echo "$*" | tr ' ' ,)" || skip "this kernel has no i2c-stub"
	find_i2c "$i2c_stub"
}

# make_i2c_memory ADDRESS: the adapter of tests/vm/modules/i2c_memory, by messages of any length; once in a case. $bus as
# above.
make_i2c_memory() {
	modprobe i2c-dev || skip "this kernel has no i2c-dev"
	insmod "$VLB_MODULES/i2c_memory.ko" "address=$1" || die "i2c_memory does not load"
	find_i2c i2c_memory
}

i2c_stub="SMBus stub driver"

# start_i2c NAME ADDRESS...: those chips of i2c-stub (0x50, or decimal)
start_i2c() {
	name=$1
	shift
	start_numbered "$name" vhost-device-i2c --device-list "$i2c_stub$(printf ':%d' "$@")"
}

# start_i2c_memory NAME ADDRESS: that of make_i2c_memory
start_i2c_memory() {
	start_numbered "$1" vhost-device-i2c --device-list "i2c_memory:$(printf %d "$2")"
}

# ---- spi: 1 queue, at most 1024

# make_spi: a controller of tests/vm/modules/spi_loopback. $spidev is its /dev/spidevN.0; N.1 is the second chip select.
make_spi() {
	insmod "$VLB_MODULES/spi_loopback.ko" || die "spi_loopback does not load"
	for controller in /sys/devices/platform/spi_loopback/spi_master/spi*; do
		spidev=/dev/spidev${controller##*/spi}.0
	done
	wait_for 10 [ -c "$spidev" ]
}

# add_spidev CONTROLLER: give another controller (spi1, of spi-virtio) a spidev on its first chip select
add_spidev() {
	echo "$1" >/sys/module/spi_loopback/parameters/add
}

# start_spi NAME SPIDEV
start_spi() {
	start_numbered "$1" vhost-device-spi --device "$2"
}

# ---- can: 3 queues (transmit, receive, control), at most 64

# make_can INTERFACE: a vcan interface that takes CAN FD frames, up
make_can() {
	modprobe vcan || skip "this kernel has no vcan"
	ip link add "$1" type vcan
	ip link set "$1" mtu 72 up
}

# start_can NAME INTERFACE: which must be up. It polls the interface, and takes a CPU for that.
start_can() {
	start_numbered "$1" vhost-device-can --can-devices "$2"
}

# ---- console: 4 queues (port 0 in and out, control in and out), at most 128

# start_console NAME TCP-PORT: the other side is that port of 127.0.0.1, for one client
start_console() {
	start_numbered "$1" vhost-device-console --backend network --tcp-port "$2"
}

# start_terminal NAME "COLUMNS ROWS": a program of our own (tests/vm/programs/terminaldev.c), for want of a published one
# with a size; a line to the FIFO NAME.sizes is another size
start_terminal() {
	[ -e "$1.sizes" ] || mkfifo "$1.sizes"
	start_back_end "$1" reading "$1.sizes" terminaldev --socket-path "$PWD/$1.sock" --size "$2"
}

# ---- sound: 4 queues (control, events, transmit, receive), at most 64

# make_sound NAME: what is behind the "alsa" of the back-end NAME: its device plays to NAME.played (all of it only when
# the PCM is closed: by the next stream, or by the end of the connection), and records NAME.recorded from its
# beginning. One channel.
#
# Hardware and snd-aloop do not do: the back-end asks for a period that is less than a number of frames and more than
# one below it, which only a PCM in software grants; of those it needs one that always has an mmap buffer, "multi".
# Each stream opens its file anew, hence "cat". And "null" has no clock: the FIFOs that it is given for /dev/null and
# /dev/full are never ready, so the back-end waits for 100 ms after each request: 48000 frames a second, if a period has 4800.
make_sound() {
	[ -e never-writable ] || make_fifos
	[ -e "$1.recorded" ] || : >"$1.recorded"
	cat >"$1.asound" <<-END
		</usr/share/alsa/alsa.conf>
		pcm.!default {
			type asym
			playback.pcm {
				type multi
				slaves.a {
					pcm { type file slave.pcm null file "|cat >>$PWD/$1.played" format raw }
					channels 1
				}
				bindings { 0 { slave a channel 0 } }
			}
			capture.pcm { type file slave.pcm null file /dev/zero infile "$PWD/$1.recorded" format raw }
		}
	END
}

# Kept open by the case.
make_fifos() {
	mkfifo never-writable never-readable
	exec 8<>never-writable 9<>never-readable
	head -c 65536 /dev/zero >&8
}

# start_sound NAME null|alsa
start_sound() {
	start_back_end "$1" unshare --mount "$LIB/sound" "$PWD/$1.asound" \
		--socket "$PWD/$1.sock" --backend "$2"
}

# ---- rtc: 2 queues (requests, alarms), at most 1024

# start_rtc NAME [OPTION...]: the clocks of this machine; --no-tai, --no-monotonic. A program of our own
# (tests/vm/programs/rtcdev.c), for want of a published one; vhost-device-rtc has the same options.
start_rtc() {
	name=$1
	shift
	start_back_end "$name" rtcdev --socket-path "$PWD/$name.sock" "$@"
}

# ---- vsock: 3 queues, the event queue unused, at most 1024; no INDIRECT

# start_vsock NAME CID: this side's address is CID. A connection from here to port P of CID 2 arrives at the socket
# NAME.vsock_P; who connects to NAME.vsock and says "connect P\n" is connected to port P here.
start_vsock() {
	start_back_end "$1" vhost-device-vsock --vm "guest-cid=$2,uds-path=$PWD/$1.vsock,socket=$PWD/$1.sock"
}

# ---- scsi: 3 queues (control, events, requests), at most 128; ends when its front-end disconnects

# start_scsi NAME IMAGE... [OPTION...]: a LUN of target 0 for each image. --read-only for all of them (without it the
# back-end warns that writing is not meant to be used yet), --solid-state.
start_scsi() {
	name=$1
	shift
	start_back_end "$name" vhost-device-scsi --socket-path "$PWD/$name.sock" "$@"
}

# ---- gpu: 2 queues (control, cursor), at most 1024

# start_gpu NAME: without a renderer; ends when its front-end disconnects
start_gpu() {
	start_back_end "$1" vhost-device-gpu --gpu-mode null --socket-path "$PWD/$1.sock"
}

# ---- fs: 2 queues (high priority, requests), at most 1024; ends when its front-end disconnects

# start_fs NAME DIRECTORY [OPTION...]: virtiofsd of Debian
start_fs() {
	name=$1
	directory=$2
	shift 2
	start_back_end "$name" /usr/libexec/virtiofsd --socket-path "$PWD/$name.sock" --shared-dir "$directory" \
		--sandbox none "$@"
}

# ---- net: 2 queues a pair, no control queue

# start_passt NAME [OPTION...]: user-mode networking, one pair of at most 1024. It takes what this host has for its
# outside.
start_passt() {
	name=$1
	shift
	start_back_end "$name" passt --foreground --vhost-user --socket "$PWD/$name.sock" "$@"
}

# start_testpmd NAME [OPTION...]: DPDK's vhost port, which answers ARP and ping by itself and polls on a CPU of its own.
# Commands go to the FIFO NAME.commands. $queues pairs, one by default; options of testpmd itself.
start_testpmd() {
	name=$1
	shift
	run_testpmd "$name" "" --forward-mode=icmpecho "$@"
}

# start_bridge NAME OTHER [OPTION...]: two vhost ports in one process, NAME's; what comes to one leaves by the other
start_bridge() {
	run_testpmd "$@" --forward-mode=io
	wait_for 20 listening "$2.sock"
	cp "$1.pid" "$2.pid"
}

# run_testpmd NAME OTHER|"" [OPTION...]
run_testpmd() {
	name=$1
	other=$2
	shift 2
	[ -e "$name.commands" ] || mkfifo "$name.commands"
	# DPDK does not replace what another process has left
	rm -f "$name.sock" ${other:+"$other.sock"}
	start_back_end "$name" reading "$name.commands" stdbuf -oL dpdk-testpmd \
		--lcores 0,1 --no-huge --no-pci -m 128 --no-telemetry --file-prefix "$name" \
		--vdev "net_vhost0,iface=$PWD/$name.sock,queues=${queues:-1}" \
		${other:+--vdev "net_vhost1,iface=$PWD/$other.sock,queues=${queues:-1}"} \
		-- --interactive --auto-start --total-num-mbufs=4096 --rxq "${queues:-1}" --txq "${queues:-1}" "$@"
}
