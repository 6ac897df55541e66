// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any type without a profile of its own: the user says what a profile would.
 *
 * All features that the back-end offers reach the driver, and its configuration space as
 * it is. So this serves types whose vhost-user back-ends do everything themselves. Nothing
 * limits the requests to the size of an arena, and failing ones are completed empty.
 */
#include <stdio.h>

#include <errno.h>

#include <linux/virtio_loopback.h>

#include "../vhost_user/protocol.h"
#include "profile.h"

static const struct vlb_feature_name features[] = {
	{ 0, NULL },
};

static const struct vlb_option options[] = {
	{ "device-id", VLB_OPTION_NUMBER, VLB_TYPE_OPTION(device_id), 1, 65535, NULL, "N",
	  "virtio device type, as in section 5 of the specification (needed)" },
	{ "config-size", VLB_OPTION_NUMBER, VLB_TYPE_OPTION(config_size), 1, VLB_CONFIG_SIZE,
	  NULL, "BYTES", "of the configuration space; default: there is none" },
	{ .name = NULL },
};

static int check_options(const struct vlb_type_options *given, char *why, size_t why_size)
{
	if (given->device_id)
		return 0;
	snprintf(why, why_size, "--device-id is missing: type generic does not know which device "
		 "it is");
	return -EINVAL;
}

const struct vlb_profile vlb_profile_generic = {
	.name = "generic",
	.summary = "any type that has no profile",
	.node = "what the driver makes",
	.recovery = "requests in flight go to the next back-end, as with most types",
	.options = options,
	.features = features,
	.all_features = true,
	.protocol_features = VU_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			     VU_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ),
	.queues = {
		.unit = 1, .unit_name = "queues", .need_units = true, .trust_user = true,
	},
	.config_owner = VLB_CONFIG_BACK_END,
	.fail_where = VLB_FAIL_EMPTY,
	.check_options = check_options,
};
