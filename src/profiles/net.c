// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network interfaces (virtio specification 5.1): pairs of queues, receive before transmit.
 *
 * The configuration space is the front-end's. Back-ends move packets and nothing else, so
 * MAC and STATUS are offered by us (the link is always up), and MTU if there is --mtu.
 *
 * The control queue, which no back-end serves, is the module's. It says yes to all: receive
 * modes and filters are permissions to leave packets out, and nothing is left out. What has
 * to be done is to enable as many pairs as the driver uses. Not offered is what would need
 * more than that (GUEST_ANNOUNCE, CTRL_GUEST_OFFLOADS, RSS, HASH_REPORT, NOTF_COAL).
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_net.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

#define BIT(n)		(1ULL << (n))
#define CONFIG_LEN	offsetof(struct virtio_net_config, rss_max_key_size)
#define MIN_MTU		68u
#define MAX_MTU		65535u
#define OWN_FEATURES	(BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) | \
			 BIT(VIRTIO_NET_F_MTU) | BIT(VIRTIO_NET_F_CTRL_VQ) | \
			 BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_NET_F_CTRL_VLAN) | \
			 BIT(VIRTIO_NET_F_CTRL_MAC_ADDR))
#define TRANSMIT_QUEUES	0xaaaaaaaaaaaaaaaaULL

_Static_assert(CONFIG_LEN == 17, "struct virtio_net_config up to duplex");

static const struct vlb_feature_name features[] = {
	{ VIRTIO_NET_F_CSUM, "CSUM" },
	{ VIRTIO_NET_F_GUEST_CSUM, "GUEST_CSUM" },
	{ VIRTIO_NET_F_MTU, "MTU" },
	{ VIRTIO_NET_F_MAC, "MAC" },
	{ VIRTIO_NET_F_GSO, "GSO" },
	{ VIRTIO_NET_F_GUEST_TSO4, "GUEST_TSO4" },
	{ VIRTIO_NET_F_GUEST_TSO6, "GUEST_TSO6" },
	{ VIRTIO_NET_F_GUEST_ECN, "GUEST_ECN" },
	{ VIRTIO_NET_F_GUEST_UFO, "GUEST_UFO" },
	{ VIRTIO_NET_F_HOST_TSO4, "HOST_TSO4" },
	{ VIRTIO_NET_F_HOST_TSO6, "HOST_TSO6" },
	{ VIRTIO_NET_F_HOST_ECN, "HOST_ECN" },
	{ VIRTIO_NET_F_HOST_UFO, "HOST_UFO" },
	{ VIRTIO_NET_F_MRG_RXBUF, "MRG_RXBUF" },
	{ VIRTIO_NET_F_STATUS, "STATUS" },
	{ VIRTIO_NET_F_CTRL_VQ, "CTRL_VQ" },
	{ VIRTIO_NET_F_CTRL_RX, "CTRL_RX" },
	{ VIRTIO_NET_F_CTRL_VLAN, "CTRL_VLAN" },
	{ VIRTIO_NET_F_MQ, "MQ" },
	{ VIRTIO_NET_F_CTRL_MAC_ADDR, "CTRL_MAC_ADDR" },
	{ 0, NULL },
};

#define FIELD(member, ...) { #member, offsetof(struct virtio_net_config, member), \
	sizeof(((struct virtio_net_config *)0)->member), .front_end = true, __VA_ARGS__ }

static const struct vlb_field fields[] = {
	FIELD(mac, .option = true),
	FIELD(status, .option = false),
	FIELD(max_virtqueue_pairs, .option = false),
	FIELD(mtu, .option = true),
	FIELD(speed, .option = false),
	FIELD(duplex, .option = false),
	{ .name = NULL },
};

static const struct vlb_option options[] = {
	{ "mac", VLB_OPTION_TEXT, VLB_TYPE_OPTION(mac), 0, 0, NULL, "MAC",
	  "hardware address; default: a local one made of the machine's id and --name" },
	{ "mtu", VLB_OPTION_NUMBER, VLB_TYPE_OPTION(mtu), MIN_MTU, MAX_MTU, NULL, "BYTES",
	  "largest packet; default: the driver's choice" },
	{ .name = NULL },
};

static const struct vlb_node nodes[] = {
	{ "net/*", "" },
	{ "net", NULL },	/* in another network namespace */
	{ .pattern = NULL },
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse_mac(const char *text, uint8_t *mac)
{
	unsigned int i;

	for (i = 0; i < ETH_ALEN; i++, text += 3) {
		if (hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0)
			return -EINVAL;
		if (text[2] != (i < ETH_ALEN - 1 ? ':' : '\0'))
			return -EINVAL;
		mac[i] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
	}
	return 0;
}

static int check_options(const struct vlb_type_options *given, char *why, size_t why_size)
{
	static const uint8_t none[ETH_ALEN];
	uint8_t mac[ETH_ALEN];

	if (!given->mac)
		return 0;
	if (parse_mac(given->mac, mac)) {
		snprintf(why, why_size, "--mac: '%.40s' is no hardware address, write "
			 "52:54:00:12:34:56", given->mac);
		return -EINVAL;
	}
	if (mac[0] & 1 || !memcmp(mac, none, sizeof(mac))) {
		snprintf(why, why_size, "--mac: %s is no address of an interface: the first byte "
			 "has to be even, and not all may be 0", given->mac);
		return -EINVAL;
	}
	return 0;
}

/* FNV-1a. */
static uint64_t hash(uint64_t state, const char *text, size_t len)
{
	while (len--)
		state = (state ^ (uint8_t)*text++) * 0x100000001b3ULL;
	return state;
}

static uint64_t hash_file(uint64_t state, const char *path)
{
	char text[64];
	ssize_t len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return state;
	len = read(fd, text, sizeof(text));
	close(fd);
	return len > 0 ? hash(state, text, (size_t)len) : state;
}

/* The same for the same name on this machine, so that the interface keeps its address. */
static void default_mac(const char *name, uint8_t *mac)
{
	const uint64_t start = 0xcbf29ce484222325ULL;
	uint64_t state = hash_file(start, "/etc/machine-id");
	unsigned int i;

	/* A machine without an identity has one until it is switched off. */
	if (state == start)
		state = hash_file(start, "/proc/sys/kernel/random/boot_id");
	state = hash(state, name, strlen(name));
	/* The last bytes have hardly reached the upper bits yet. */
	state ^= state >> 29;
	state *= 0xbf58476d1ce4e5b9ULL;
	state ^= state >> 32;
	for (i = 0; i < ETH_ALEN; i++)
		mac[i] = (uint8_t)(state >> (8 * i));
	mac[0] = (uint8_t)((mac[0] & ~1u) | 2u); /* one interface's, locally administered */
}

static uint64_t adjust_features(const struct vlb_plan *plan, uint64_t offered)
{
	offered &= ~BIT(VIRTIO_NET_F_MTU);
	offered |= OWN_FEATURES & ~BIT(VIRTIO_NET_F_MTU);
	if (plan->options->mtu)
		offered |= BIT(VIRTIO_NET_F_MTU);
	if (plan->units == 1)
		offered &= ~BIT(VIRTIO_NET_F_MQ);
	return offered;
}

/* Class, command, number of pairs. */
static bool enables_units(const struct vlb_control *control, unsigned int *units)
{
	if (control->len < 4 || control->data[0] != VIRTIO_NET_CTRL_MQ ||
	    control->data[1] != VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET)
		return false;
	*units = (unsigned int)(control->data[2] | control->data[3] << 8);
	return *units >= VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN && *units <= VLB_MAX_QUEUES / 2;
}

static int adjust_config(const struct vlb_plan *plan, uint8_t *config, char *why,
			 size_t why_size)
{
	struct virtio_net_config net = {
		.status = htole16(VIRTIO_NET_S_LINK_UP),
		.max_virtqueue_pairs = htole16((uint16_t)plan->units),
		.mtu = htole16((uint16_t)plan->options->mtu),
		.speed = htole32(UINT32_MAX),	/* unknown */
		.duplex = UINT8_MAX,
	};

	(void)why;
	(void)why_size;
	if (!plan->options->mac || parse_mac(plan->options->mac, net.mac))
		default_mac(plan->name, net.mac);
	memcpy(config, &net, CONFIG_LEN);
	return 0;
}

const struct vlb_profile vlb_profile_net = {
	.name = "net",
	.device_id = VIRTIO_ID_NET,
	.driver = "virtio_net",
	.summary = "network interface",
	.node = "ethN",
	.recovery = "packets being sent are lost, as on any network; receive buffers go to the next back-end",
	.options = options,
	.features = features,
	.own_features = OWN_FEATURES,
	.mq_features = BIT(VIRTIO_NET_F_MQ),
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_NET_MTU),
	.queues = {
		.unit = 2, .unit_name = "pairs of queues",
		.control = true,
		/* So do DPDK 25.11 and passt. */
		.back_end_counts_units = true,
		/*
		 * DPDK 24.11 tells of 128, and serves those for which its application asked it:
		 * what is sent through others, such as testpmd's second, goes nowhere.
		 */
		.one_unit = true,
		.complete = TRANSMIT_QUEUES,
	},
	/* A packet of 64 KiB, or a buffer for one: 17 fragments, header, odd ends. */
	.arena = { .min = 80 << 10, .min_pages = 20 },
	.config_owner = VLB_CONFIG_FRONT_END,
	.config_len = CONFIG_LEN,
	.fields = fields,
	.fail_where = VLB_FAIL_EMPTY,
	.nodes = nodes,
	.check_options = check_options,
	.enables_units = enables_units,
	.adjust_features = adjust_features,
	.adjust_config = adjust_config,
};
