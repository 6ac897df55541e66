/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels from 5.10 on; included before every source file.
 *
 * conftest.sh compiles a probe for each difference and writes the answers to
 * conftest.h. Versions are not asked: stable kernels get new interfaces too.
 */
#ifndef VLB_COMPAT_H
#define VLB_COMPAT_H

#include "conftest.h"

#if defined(CONFIG_HIGHMEM) || !defined(CONFIG_64BIT)
#error "virtio-loopback reaches the driver's buffers through the linear map: 64-bit only"
#endif

#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>

static inline void vlb_eventfd_signal(struct eventfd_ctx *ctx)
{
#ifdef VLB_HAVE_EVENTFD_SIGNAL_COUNT
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

#ifndef VLB_HAVE_EVENTFD_SIGNAL_ALLOWED
#define eventfd_signal_allowed() (!eventfd_signal_count())
#endif

/* Kernels that have the flag want to be told; the others mean it anyway. */
#ifdef VLB_HAVE_WQ_PERCPU
#define VLB_WQ_PERCPU WQ_PERCPU
#else
#define VLB_WQ_PERCPU 0
#endif

static inline void vlb_vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
#ifdef VLB_HAVE_VM_FLAGS_SET
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/* Of a mapping that is VM_PFNMAP. */
static inline void vlb_zap_page(struct vm_area_struct *vma, unsigned long address)
{
#ifdef VLB_HAVE_ZAP_SPECIAL_VMA_RANGE
	zap_special_vma_range(vma, address, PAGE_SIZE);
#else
	zap_vma_ptes(vma, address, PAGE_SIZE);
#endif
}

/* Before they had a type these pages were counted like others. */
static inline bool vlb_page_is_large_kmalloc(const struct page *page)
{
#ifdef VLB_HAVE_PAGE_LARGE_KMALLOC
	return PageLargeKmalloc(compound_head(page));
#else
	return false;
#endif
}

/*
 * Where a page lies in a file: in whose mapping (pages of no file may have something else
 * there), at which page, and how many of the file follow in a row, with itself.
 */
struct vlb_page_place {
	const void *mapping;
	pgoff_t index;
	unsigned long count;
};

static inline struct vlb_page_place vlb_page_place(struct page *page)
{
#ifdef VLB_HAVE_FOLIO
	struct folio *folio = page_folio(page);
	unsigned long before = folio_page_idx(folio, page);

	return (struct vlb_page_place){ READ_ONCE(folio->mapping),
		READ_ONCE(folio->index) + before, folio_nr_pages(folio) - before };
#else
	struct page *head = compound_head(page);
	unsigned long before = page - head;

	return (struct vlb_page_place){ READ_ONCE(head->mapping),
		READ_ONCE(head->index) + before, compound_nr(head) - before };
#endif
}

/* Per-queue reset needs both the feature and the operations. */
static inline u64 vlb_ring_reset_feature(void)
{
#ifdef VLB_HAVE_RING_RESET
	return BIT_ULL(VIRTIO_F_RING_RESET);
#else
	return 0;
#endif
}

static inline void vlb_vq_set_num_max(struct virtqueue *vq, unsigned int num)
{
#ifdef VLB_HAVE_VQ_NUM_MAX
	vq->num_max = num;
#endif
}

/* What find_vqs() is told of one virtqueue, in whichever form. */
struct vlb_vq_info {
	const char *name;
	vq_callback_t *callback;
	bool ctx;
};

#ifdef VLB_HAVE_VIRTQUEUE_INFO

struct vlb_vq_source {
	const struct virtqueue_info *info;
};

static inline struct vlb_vq_info vlb_vq_info(const struct vlb_vq_source *source, unsigned int i)
{
	return (struct vlb_vq_info){
		source->info[i].name, source->info[i].callback, source->info[i].ctx,
	};
}

#define VLB_DEFINE_FIND_VQS(fn)								\
static int fn##_compat(struct virtio_device *vdev, unsigned int count,			\
		       struct virtqueue *vqs[], struct virtqueue_info info[],		\
		       struct irq_affinity *desc)					\
{											\
	return fn(vdev, count, vqs, &(struct vlb_vq_source){ info });			\
}

#else

struct vlb_vq_source {
	vq_callback_t **callbacks;
	const char * const *names;
	const bool *ctx;
};

static inline struct vlb_vq_info vlb_vq_info(const struct vlb_vq_source *source, unsigned int i)
{
	return (struct vlb_vq_info){
		source->names[i], source->callbacks[i], source->ctx && source->ctx[i],
	};
}

#define VLB_DEFINE_FIND_VQS(fn)								\
static int fn##_compat(struct virtio_device *vdev, unsigned int count,			\
		       struct virtqueue *vqs[], vq_callback_t *callbacks[],		\
		       const char * const names[], const bool *ctx,			\
		       struct irq_affinity *desc)					\
{											\
	return fn(vdev, count, vqs, &(struct vlb_vq_source){ callbacks, names, ctx });	\
}

#endif

#define VLB_FIND_VQS find_vqs_compat

#endif
