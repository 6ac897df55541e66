# SPDX-License-Identifier: GPL-2.0-only
# bash completion for virtio-loopback(8). Options and types come from the tool itself.

_virtio_loopback_options() {
	"$@" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\)  *[A-Za-z|]*  .*/\1/p'
}

_virtio_loopback_names() {
	local dir
	for dir in /sys/class/virtio-loopback/*/; do
		[ -d "$dir" ] && basename "$dir"
	done
}

_virtio_loopback() {
	local tool=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} words= type=
	# What goes with a TYPE, if it comes first.
	case $command in attach | run) case ${COMP_WORDS[2]} in -*) ;; *) type=${COMP_WORDS[2]} ;; esac ;; esac
	COMPREPLY=()
	# Behind "--" comes the back-end's own command line.
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [ "${COMP_WORDS[i]}" = -- ]; then
			_command_offset $((i + 1))
			return
		fi
	done
	if [ "$COMP_CWORD" = 1 ]; then
		words="attach run list show stat detach types --help --version"
	else
		case $prev in
		--socket | --shared-memory)
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
			;;
		--call) words="direct eventfd" ;;
		--memory) words="copy map" ;;
		--name | --queues | --queue-size | --pool-size | --map-min | --map-revoke | --busy-poll | --timeout | --reply-timeout | --wait | --mac | --mtu | \
			--tag | --device-id | --config-size | --interval | --count)
			return
			;;
		*)
			case $cur in
			-*) words=$(_virtio_loopback_options "$tool" "$command" $type) ;;
			*)
				case $command in
				attach | run | types)
					[ "$COMP_CWORD" != 2 ] && [ -n "$type" ] && return
					words=$("$tool" types 2>/dev/null | awk 'NR > 1 { print $1 }')
					;;
				show | stat | detach) words=$(_virtio_loopback_names) ;;
				esac
				;;
			esac
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _virtio_loopback virtio-loopback
