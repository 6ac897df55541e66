// SPDX-License-Identifier: GPL-2.0-only
/*
 * SPI controllers (virtio specification 1.4, section 5.20): one queue, a request for each
 * transfer, which ends with a byte of result.
 *
 * vhost-device-spi 0.1 writes the result of a transfer that failed to the beginning of
 * what was to be received, and reports that as all that it has written. So there is an
 * error in the place of the result until it is written.
 *
 * The driver makes a controller. Devices on it, and their /dev/spidevB.C, come from the
 * board's description, or from whoever adds them.
 */
#include <linux/virtio_ids.h>
#include <linux/virtio_loopback.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

/* <linux/virtio_spi.h> is newer than most. */
#ifndef VIRTIO_ID_SPI
#define VIRTIO_ID_SPI			45
#endif
#define VIRTIO_SPI_TRANS_ERR		2
#define CONFIG_LEN			32u	/* struct virtio_spi_config */

static const struct vlb_feature_name features[] = {
	{ 0, NULL },
};

static const struct vlb_field fields[] = {
	{ "cs_max_number", 0, 1, .front_end = false },
	{ "cs_change_supported", 1, 1, .front_end = false },
	{ "tx_nbits_supported", 2, 1, .front_end = false },
	{ "rx_nbits_supported", 3, 1, .front_end = false },
	{ "bits_per_word_mask", 4, 4, .front_end = false },
	{ "mode_func_supported", 8, 4, .front_end = false },
	{ "max_freq_hz", 12, 4, .front_end = false },
	{ .name = NULL },
};

static const struct vlb_node nodes[] = {
	{ "spi_master/spi*", "" },
	{ .pattern = NULL },
};

const struct vlb_profile vlb_profile_spi = {
	.name = "spi",
	.device_id = VIRTIO_ID_SPI,
	.driver = "spi_virtio",
	.summary = "SPI controller",
	.node = "spiB, on it /dev/spidevB.C",
	.recovery = "transfers in flight go to the next back-end: a chip may see one twice",
	.features = features,
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			     VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ),
	.queues = { .base = 1, .size = 16, .max_size = 1024, .whole_answers = 1 },
	.arena = { .size = 1 << 20, .min = 64 << 10 },
	.config_owner = VLB_CONFIG_BACK_END,
	.config_len = CONFIG_LEN,
	.fields = fields,
	.fail_where = VLB_FAIL_AT_END,
	.fail_len = 1,
	.fail_data = { VIRTIO_SPI_TRANS_ERR },
	.nodes = nodes,
};
