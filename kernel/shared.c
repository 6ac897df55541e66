// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory: a file of tmpfs in which applications keep their buffers, and which the
 * back-end has mapped as a region of its own. A segment that lies in it is named by its
 * place in the file: no copy, no fault, nothing to take back, and since these are ordinary
 * pages get_user_pages() works on them.
 *
 * Nothing is remembered of the file's pages. Whether a frame is one of them, and which, is
 * what the page cache has noted in the page itself. Whoever made the request holds the page
 * until it is over, so that the page cannot become another one or move meanwhile. But it may
 * be cut out of the file, or be on its way to swap, at any moment; so
 *
 * - only vlb_shared_has() looks at the file, once, when a request is handed out. What is
 *   not in the file then is copied;
 * - vlb_shared_offset(), which is right for as long as the page is held, says the same
 *   before and after that: the index stays with a page that has left the file. The
 *   back-end then finds at that place what the file has there now. That is the loss of
 *   who has cut the file while it was in use, and nobody else's.
 *
 * Not for hugetlbfs: its indexes count other units on older kernels.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/virtio_loopback.h>

#include "shared.h"

static int check_file(struct file *file, u64 size)
{
	struct inode *inode = file_inode(file);

	if (inode->i_sb->s_magic != TMPFS_MAGIC || !S_ISREG(inode->i_mode) ||
	    (file->f_mode & (FMODE_READ | FMODE_WRITE)) != (FMODE_READ | FMODE_WRITE))
		return -EINVAL;
	return size <= i_size_read(inode) ? 0 : -EINVAL;
}

/**
 * vlb_shared_open - take a file to be shared
 * @shared: out: with a reference to the file
 * @share: as VLB_SHARE_MEMORY has it
 *
 * Context: process.
 * Return: 0 or an error as VLB_SHARE_MEMORY has it.
 */
int vlb_shared_open(struct vlb_shared *shared, const struct vlb_share_memory *share)
{
	struct file *file;
	int err;

	if (!share->size || !PAGE_ALIGNED(share->size) || share->size > VLB_MAX_SHARED_SIZE)
		return -EINVAL;
	file = fget(share->fd);
	if (!file)
		return -EBADF;
	err = check_file(file, share->size);
	if (err) {
		fput(file);
		return err;
	}
	*shared = (struct vlb_shared){ .file = file, .num_pages = share->size >> PAGE_SHIFT };
	return 0;
}

struct vlb_shared vlb_shared_get(const struct vlb_shared *shared)
{
	if (shared->file)
		get_file(shared->file);
	return *shared;
}

/* Context: process. */
void vlb_shared_put(const struct vlb_shared *shared)
{
	if (shared->file)
		fput(shared->file);
}

static unsigned long first_frame(const struct vlb_segment *seg)
{
	return virt_to_phys(seg->data) >> PAGE_SHIFT;
}

/* Whatever else a page may have in place of a mapping, it is no pointer to this one. */
static bool find(const struct vlb_shared *shared, unsigned long pfn, struct vlb_page_place *place)
{
	if (!pfn_valid(pfn))
		return false;
	*place = vlb_page_place(pfn_to_page(pfn));
	return place->mapping == shared->file->f_mapping;
}

/**
 * vlb_shared_has - whether a segment lies in the file, in one piece
 * @shared: the file
 * @seg: a segment, not empty, whose pages are held
 * @offset: out: where
 *
 * Context: any.
 */
bool vlb_shared_has(const struct vlb_shared *shared, const struct vlb_segment *seg, u64 *offset)
{
	unsigned long left = PFN_UP(offset_in_page(seg->data) + (u64)seg->len);
	unsigned long pfn = first_frame(seg);
	struct vlb_page_place place;
	pgoff_t index;

	if (!find(shared, pfn, &place))
		return false;
	index = place.index;
	if (index >= shared->num_pages || left > shared->num_pages - index)
		return false;
	*offset = ((u64)index << PAGE_SHIFT) + offset_in_page(seg->data);
	while (place.count < left) {
		left -= place.count;
		pfn += place.count;
		index += place.count;
		if (!find(shared, pfn, &place) || place.index != index)
			return false;
	}
	return true;
}

/* The same without a look at the file: good only if it has the segment, or had it. Context: any. */
u64 vlb_shared_offset(const struct vlb_segment *seg)
{
	const struct vlb_page_place place = vlb_page_place(pfn_to_page(first_frame(seg)));

	return ((u64)place.index << PAGE_SHIFT) + offset_in_page(seg->data);
}
