// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../exit_status.h"
#include "../log.h"
#include "commands.h"

static int module_missing(void)
{
	vlb_error("the module is not loaded: try 'modprobe virtio_loopback'");
	return -VLB_E_MODULE;
}

int vlb_device_look_up(const char *name, struct vlb_sysfs_device *device)
{
	int ret;

	if (vlb_sysfs_module_missing())
		return module_missing();
	ret = vlb_name_is_valid(name) ? vlb_sysfs_read(name, device) : -ENOENT;
	if (ret == -ENOENT)
		vlb_error("%s: there is no such device; see 'virtio-loopback list'", name);
	else if (ret)
		vlb_error("%s: cannot read the device's state: %s", name, strerror(-ret));
	return ret;
}

int vlb_device_names(char ***names, unsigned int *count)
{
	int ret;

	if (vlb_sysfs_module_missing())
		return module_missing();
	ret = vlb_sysfs_names(names, count);
	if (ret)
		vlb_error("cannot read %s: %s", vlb_sysfs_class, strerror(-ret));
	return ret;
}

void vlb_json_finish_array(struct vlb_json *json)
{
	vlb_json_array_close(json);
	vlb_json_end(json);
}

const char *vlb_type_name(uint64_t device_id, char *buf, size_t size)
{
	const struct vlb_profile *profile = vlb_profile_find_id((uint32_t)device_id);

	if (profile)
		return profile->name;
	snprintf(buf, size, "%" PRIu64, device_id);
	return buf;
}
