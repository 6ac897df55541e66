#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Usage: conftest.sh COMPILER [FLAG...] - writes the header of compile probes to stdout.
# A probe that compiles against the kernel's headers defines VLB_HAVE_<its name>.
set -eu

probe() {
	name=$1
	shift
	# shellcheck disable=SC2086 # $errors is a list
	if printf '%s\n' "$code" | "$@" $errors -fsyntax-only -x c - >/dev/null 2>&1; then
		echo "#define VLB_HAVE_$name 1"
	else
		echo "/* no $name */"
	fi
}

errors="-Werror=implicit-function-declaration -Werror=incompatible-pointer-types"

prelude='#include <linux/eventfd.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>'

# Without this a broken invocation would look like a kernel that has nothing.
code=$prelude
if ! err=$(printf '%s\n' "$code" | "$@" -fsyntax-only -x c - 2>&1); then
	echo "conftest.sh: the kernel headers do not compile:" >&2
	echo "$err" >&2
	exit 1
fi

code="$prelude
void probe(struct eventfd_ctx *ctx) { eventfd_signal(ctx, 1); }"
probe EVENTFD_SIGNAL_COUNT "$@"

code="$prelude
bool probe(void) { return eventfd_signal_allowed(); }"
probe EVENTFD_SIGNAL_ALLOWED "$@"

code="$prelude
int probe(struct virtio_config_ops *ops, struct virtqueue *vq)
{ return ops->disable_vq_and_reset(vq) + ops->enable_vq_after_reset(vq) + vq->reset; }"
probe RING_RESET "$@"

code="$prelude
unsigned int probe(struct virtqueue *vq) { return vq->num_max; }"
probe VQ_NUM_MAX "$@"

code="$prelude
void probe(struct virtio_config_ops *ops, struct virtio_device *vdev)
{ ops->synchronize_cbs(vdev); }"
probe SYNCHRONIZE_CBS "$@"

code="$prelude
int probe(struct virtio_config_ops *ops, struct virtio_device *vdev, struct virtqueue *vqs[],
	  struct virtqueue_info info[])
{ return ops->find_vqs(vdev, 1, vqs, info, NULL); }"
probe VIRTQUEUE_INFO "$@"

code="#include <linux/mm.h>
void probe(struct vm_area_struct *vma) { vm_flags_set(vma, VM_PFNMAP); }"
probe VM_FLAGS_SET "$@"

code="#include <linux/mm.h>
void probe(struct vm_area_struct *vma) { zap_special_vma_range(vma, 0, PAGE_SIZE); }"
probe ZAP_SPECIAL_VMA_RANGE "$@"

code="#include <linux/mm.h>
bool probe(struct page *page) { return PageLargeKmalloc(page); }"
probe PAGE_LARGE_KMALLOC "$@"

code="#include <linux/mm.h>
unsigned long probe(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio->index + folio_page_idx(folio, page) + folio_nr_pages(folio);
}"
probe FOLIO "$@"

code="#include <linux/workqueue.h>
int probe(void) { return WQ_PERCPU; }"
probe WQ_PERCPU "$@"
