/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VLB_REMOVER_H
#define VLB_REMOVER_H

/*
 * Removes the device without stopping the adapter, which has to serve its requests
 * meanwhile: VLB_REMOVE blocks, so a small process waits in it.
 */
struct vlb_remover {
	int fd;		/* readable: vlb_remover_result() has something */
};

/* Before the sandbox and before anything else is open: the child inherits nothing. */
int vlb_remover_start(struct vlb_remover *remover);

int vlb_remover_remove(struct vlb_remover *remover, const char *name);

/* What VLB_REMOVE said: 0 or -errno. */
int vlb_remover_result(struct vlb_remover *remover);

#endif
