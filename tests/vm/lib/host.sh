# shellcheck shell=sh
# Shared by the host-side scripts of tests/vm: names, places, small helpers.
# Sourced after `set -eu` by a script that lives in tests/vm.

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${BUILD:-$top/build}/vm
cache=${XDG_CACHE_HOME:-$HOME/.cache}/virtio-loopback

# Debian keeps mkfs, modprobe and friends out of an ordinary user's path.
PATH=$PATH:/usr/sbin:/sbin
export PATH

# Kernel series with an image to boot, and those that only have headers to build against.
boot_kernels="6.12 7.3"
build_only_kernels="6.1"

program=${0##*/}
started=$(date +%s)

die() {
	echo "$program: $*" >&2
	exit 1
}

# A progress line with the seconds since the script began.
progress() {
	printf '%s: %4d s  %s\n' "$program" "$(($(date +%s) - started))" "$*" >&2
}

need() {
	for command in "$@"; do
		command -v "$command" >/dev/null ||
			die "'$command' is missing: run scripts/install-packages vm"
	done
}

# Making the root and entering it need root: start again through sudo, same cache, same build
# directory. $@: the arguments of the script.
become_root() {
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null || die "needs root, and there is no sudo: run it as root"
	mkdir -p "$cache" "$build"
	exec sudo XDG_CACHE_HOME="${cache%/virtio-loopback}" BUILD="${build%/vm}" "$0" "$@"
}

# What sudo made should belong to who asked for it.
give_back() {
	[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:?}" "$@"
}

hash_of_input() {
	sha256sum | cut -c 1-16
}

# The directory that tests/vm/root makes for this version of its recipe: tree/ and image.
root_directory() {
	{
		sed -n '/^# ---- the recipe/,/^# ---- the cache/p' "$here/root"
		cat "$here/root-kernels" "$here/root-drivers" "$here/root-testpmd"
		echo "$boot_kernels $build_only_kernels"
	} | hash_of_input | sed "s,^,$cache/root-,"
}

# The directory that tests/vm/back-ends makes. What the programs need of the root stays the same within a release of
# Debian, so a change of the root does not build them anew.
back_ends_directory() {
	{
		cat "$here/back-ends-crates" "$here/back-ends-qemu"
		sed -n '/^suite=/p' "$here/root"
	} | hash_of_input | sed "s,^,$cache/back-ends-,"
}

# The directory that tests/vm/debug-kernel makes for this version of its recipe: build/, modules/,
# vmlinuz.
debug_directory() {
	{
		cat "$here/debug.config"
		sed -n '/^series=/p; /^compile()/,/^}/p' "$here/debug-kernel"
	} | hash_of_input | sed "s,^,$cache/debug-,"
}

# kernel_release SERIES: 6.12 -> 6.12.90+deb13-amd64, from what is installed in the root.
kernel_release() {
	for directory in "$(root_directory)/tree/usr/src/linux-headers-$1"[.-]*-amd64; do
		[ -d "$directory" ] || die "no kernel $1 in the root: use one of $boot_kernels $build_only_kernels"
		echo "${directory##*/linux-headers-}"
		return
	done
}

# Run a command inside the root: the root and the sources read-only, $build writable. The mounts
# live in a mount namespace of their own, so they cannot outlive the command, however it ends. The lock
# keeps tests/vm/root from removing a root that is in use.
in_root() {
	[ -d "$(root_directory)" ] || die "there is no root: run tests/vm/root"
	# shellcheck disable=SC2016 # the inner shell expands it
	flock --shared "$(root_directory)" unshare --mount --propagation private sh -eu -c '
		tree=$1 source=$2 build=$3 debug=$4
		shift 4
		mount --bind "$tree" "$tree"
		mount -o remount,bind,ro "$tree"
		mount --rbind /dev "$tree/dev"
		mount -t tmpfs tmpfs "$tree/tmp"
		mount -t tmpfs tmpfs "$tree/mnt"
		mkdir "$tree/mnt/source" "$tree/mnt/build" "$tree/mnt/debug"
		mount --bind "$source" "$tree/mnt/source"
		mount -o remount,bind,ro "$tree/mnt/source"
		mount --bind "$build" "$tree/mnt/build"
		[ ! -d "$debug" ] || mount --bind "$debug" "$tree/mnt/debug"
		exec unshare --pid --fork --kill-child --mount-proc --root="$tree" --wd=/ \
			env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C "$@"' \
		in_root "$(root_directory)/tree" "$top" "$build" "$(debug_directory)" "$@"
}
