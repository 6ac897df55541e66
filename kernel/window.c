// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window: a file through which a back-end sees the driver's buffers where they are.
 * The offset in the file is the physical address, so that nothing needs to be allocated,
 * but only frames of live grants (grants.c) can be reached; anything else is SIGBUS.
 *
 * Frames are mapped by the back-end's first touch, all frames of the grant at once, and
 * stay mapped until the grant ends. A buffer that is used again costs no copy, no fault
 * and no TLB flush. That a grant ends later than the request is the price: for so long the
 * back-end could read, or change, what the owner of the buffer does with it next. The
 * worker ends grants that have been idle, a reset by the driver all of them at once.
 *
 * Fault against revocation: a fault looks for the grant and maps its frames with the
 * window's lock held for reading. Who revokes takes grants out with the lock held for
 * writing and zaps after that. So a fault either comes too late to find the grant, or its
 * mapping is there to be zapped.
 *
 * A frame that may only be read is mapped read-only, and a touch that wants more comes to
 * window_pfn_mkwrite(): without that the kernel would simply make it writable.
 *
 * get_user_pages() cannot work on the window, so neither can direct I/O of the back-end
 * into it: such I/O fails with EFAULT.
 *
 * The file is of a file system of our own: the inode that anonymous files have in common
 * would bring their mappings together, and zapping one would zap the others.
 *
 * Context: process, except where stated.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/virtio_loopback.h>

#include "device.h"
#include "grants.h"
#include "window.h"

#define WINDOW_MAGIC	0x766c6277	/* "vlbw" */

/* Pinned by each window; the file system pins the module. */
static struct vfsmount *window_mount;
static int window_pins;

/* ---- frames --------------------------------------------------------------------------- */

/*
 * Slab pages are not counted and are shared with other objects; reserved pages, the zero
 * page among them, are everybody's; those of ZONE_DEVICE are no memory like other memory.
 * The huge page of zeros is everybody's, too, but a module cannot tell: nobody reads into it,
 * so it is never mapped to be written to.
 */
static bool frame_get(unsigned long pfn)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return false;
	page = pfn_to_page(pfn);
	if (PageReserved(page) || is_zone_device_page(page) || PageSlab(compound_head(page)) ||
	    vlb_page_is_large_kmalloc(page))
		return false;
	return get_page_unless_zero(compound_head(page));
}

/* Context: any. */
void vlb_frames_put(unsigned long pfn, u32 count)
{
	while (count--)
		put_page(pfn_to_page(pfn + count));
}

/* All or none. Context: any. */
bool vlb_frames_get(unsigned long pfn, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (frame_get(pfn + i))
			continue;
		vlb_frames_put(pfn, i);
		return false;
	}
	return true;
}

/* ---- the file ------------------------------------------------------------------------- */

static bool find(struct vlb_window *window, unsigned long pfn, bool write,
		 struct vlb_grant *found)
{
	struct vlb_grants *grants;

	lockdep_assert_held(&window->lock);
	list_for_each_entry(grants, &window->grants, node)
		if (vlb_grants_find(grants, pfn, write, found))
			return true;
	return false;
}

/* Frames that are mapped already stay as they are. */
static vm_fault_t map_frames(struct vm_area_struct *vma, const struct vlb_grant *grant)
{
	unsigned long first = max(grant->pfn, vma->vm_pgoff);
	unsigned long end = min(grant->pfn + grant->count, vma->vm_pgoff + vma_pages(vma));
	unsigned long flags = vma->vm_flags & (VM_READ | VM_WRITE | VM_SHARED);
	vm_fault_t ret = VM_FAULT_NOPAGE;
	pgprot_t prot;

	if (!grant->write)
		flags &= ~VM_WRITE;
	prot = vm_get_page_prot(flags);
	for (; first < end && ret == VM_FAULT_NOPAGE; first++)
		ret = vmf_insert_pfn_prot(vma, vma->vm_start +
					  ((first - vma->vm_pgoff) << PAGE_SHIFT), first, prot);
	return ret;
}

/*
 * Page tables are allocated with the window's lock held, for a back-end that reclaim may be
 * waiting for: so no I/O.
 */
static vm_fault_t touch(struct vm_fault *vmf, bool write, bool mapped)
{
	struct vlb_window *window = vmf->vma->vm_file->private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	unsigned int noio = memalloc_noio_save();
	struct vlb_grant grant;

	down_read(&window->lock);
	if (find(window, vmf->pgoff, write, &grant)) {
		if (mapped)
			vlb_zap_page(vmf->vma, vmf->address & PAGE_MASK);
		ret = map_frames(vmf->vma, &grant);
		atomic64_inc(&window->faults);
	}
	up_read(&window->lock);
	memalloc_noio_restore(noio);
	return ret;
}

static vm_fault_t window_fault(struct vm_fault *vmf)
{
	return touch(vmf, vmf->flags & FAULT_FLAG_WRITE, false);
}

/* A frame that was mapped to be read is written to; there may be another grant by now. */
static vm_fault_t window_pfn_mkwrite(struct vm_fault *vmf)
{
	return touch(vmf, true, true);
}

static const struct vm_operations_struct window_vm_ops = {
	.fault = window_fault,
	.pfn_mkwrite = window_pfn_mkwrite,
};

static int window_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* A private mapping could be written to, and would have to copy frames. */
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE)
		return -EINVAL;
	vlb_vm_flags_set(vma, VM_PFNMAP | VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &window_vm_ops;
	return 0;
}

static loff_t window_llseek(struct file *file, loff_t offset, int whence)
{
	const struct vlb_window *window = file->private_data;

	return fixed_size_llseek(file, offset, whence, window->size);
}

static int window_release(struct inode *inode, struct file *file)
{
	vlb_window_put(file->private_data);
	return 0;
}

/* No owner: the file's mount keeps the module for longer than that would. */
static const struct file_operations window_fops = {
	.mmap = window_mmap,
	.llseek = window_llseek,
	.release = window_release,
};

static int init_fs_context(struct fs_context *fc)
{
	if (!init_pseudo(fc, WINDOW_MAGIC))
		return -ENOMEM;
	fc->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	return 0;
}

static struct file_system_type window_fs = {
	.name = "virtio-loopback",
	.owner = THIS_MODULE,
	.init_fs_context = init_fs_context,
	.kill_sb = kill_anon_super,
};

/* ---- revocation ----------------------------------------------------------------------- */

static void zap(struct vlb_window *window, const struct list_head *victims)
{
	struct vlb_grant *grant;

	list_for_each_entry(grant, victims, list) {
		unmap_mapping_range(window->inode->i_mapping, (loff_t)grant->pfn << PAGE_SHIFT,
				    (loff_t)grant->count << PAGE_SHIFT, 1);
		atomic64_inc(&window->revoked);
	}
}

/* Returns whether some are left that are idle. */
static bool revoke_idle(struct vlb_window *window, struct vlb_grants *grants)
{
	LIST_HEAD(victims);
	bool more, any;

	lockdep_assert_held(&window->revoking);
	do {
		down_write(&window->lock);
		more = vlb_grants_expire(grants, window->age, &victims);
		up_write(&window->lock);
		any = !list_empty(&victims);
		zap(window, &victims);
		vlb_grants_release(grants, &victims);
	} while (any);
	return more;
}

static void revoke_work(struct work_struct *work)
{
	struct vlb_window *window = container_of(work, struct vlb_window, work.work);
	struct vlb_grants *grants;
	bool more = false;

	mutex_lock(&window->revoking); /* the list changes under it only */
	list_for_each_entry(grants, &window->grants, node)
		more |= revoke_idle(window, grants);
	mutex_unlock(&window->revoking);
	if (more)
		vlb_window_watch(window, false);
}

/**
 * vlb_window_watch - look for idle grants
 * @window: the window
 * @now: at once: there are no free ones
 *
 * Context: any.
 */
void vlb_window_watch(struct vlb_window *window, bool now)
{
	if (now)
		mod_delayed_work(vlb_io_wq, &window->work, 0);
	else
		queue_delayed_work(vlb_io_wq, &window->work, window->age);
}

/* ---- for devices and ports ------------------------------------------------------------ */

/* How long a grant is idle before it ends: at most twice that, because of the looks' pace. */
static unsigned long age_of(u32 revoke_ms)
{
	return max(msecs_to_jiffies(revoke_ms) / 2, 1ul);
}

static struct inode *make_inode(u64 size)
{
	struct inode *inode;
	int err;

	err = simple_pin_fs(&window_fs, &window_mount, &window_pins);
	if (err)
		return ERR_PTR(err);
	inode = alloc_anon_inode(window_mount->mnt_sb);
	if (IS_ERR(inode)) {
		simple_release_fs(&window_mount, &window_pins);
		return inode;
	}
	inode->i_mode = S_IFREG | 0600; /* back-ends ask a regular file for its size */
	i_size_write(inode, size);
	return inode;
}

static void unmake_inode(struct inode *inode)
{
	iput(inode);
	simple_release_fs(&window_mount, &window_pins);
}

/**
 * vlb_window_create - make a window and its file
 * @open: as VLB_OPEN_WINDOW has it
 * @file: out: the file
 *
 * Return: the window with one reference for the caller, or an ERR_PTR.
 */
struct vlb_window *vlb_window_create(const struct vlb_open_window *open, struct file **file)
{
	struct vlb_window *window = kzalloc(sizeof(*window), GFP_KERNEL);
	int err;

	if (!window)
		return ERR_PTR(-ENOMEM);
	kref_init(&window->ref);
	mutex_init(&window->revoking);
	init_rwsem(&window->lock);
	INIT_LIST_HEAD(&window->grants);
	INIT_DELAYED_WORK(&window->work, revoke_work);
	window->size = PAGE_ALIGN(virt_to_phys(high_memory - 1) + 1);
	window->min_len = open->min_len;
	window->age = age_of(open->revoke_ms);
	window->inode = make_inode(window->size);
	if (IS_ERR(window->inode)) {
		err = PTR_ERR(window->inode);
		goto free_window;
	}
	ihold(window->inode); /* the file's */
	*file = alloc_file_pseudo(window->inode, window_mount, "window", O_RDWR, &window_fops);
	if (IS_ERR(*file)) {
		err = PTR_ERR(*file);
		iput(window->inode);
		goto unmake_inode;
	}
	(*file)->private_data = vlb_window_get(window);
	return window;
unmake_inode:
	unmake_inode(window->inode);
free_window:
	kfree(window);
	return ERR_PTR(err);
}

struct vlb_window *vlb_window_get(struct vlb_window *window)
{
	if (window)
		kref_get(&window->ref);
	return window;
}

static void release(struct kref *ref)
{
	struct vlb_window *window = container_of(ref, struct vlb_window, ref);

	cancel_delayed_work_sync(&window->work);
	unmake_inode(window->inode);
	kfree(window);
}

void vlb_window_put(struct vlb_window *window)
{
	if (window)
		kref_put(&window->ref, release);
}

/**
 * vlb_window_join - grants for a new port
 * @window: the window, or NULL
 *
 * Return: the grants, NULL without a window, or an ERR_PTR.
 */
struct vlb_grants *vlb_window_join(struct vlb_window *window)
{
	struct vlb_grants *grants;
	int err;

	if (!window)
		return NULL;
	grants = kzalloc(sizeof(*grants), GFP_KERNEL);
	if (!grants)
		return ERR_PTR(-ENOMEM);
	err = vlb_grants_init(grants);
	if (err) {
		kfree(grants);
		return ERR_PTR(err);
	}
	grants->window = vlb_window_get(window);
	grants->end_pfn = window->size >> PAGE_SHIFT;
	grants->min_len = window->min_len;
	mutex_lock(&window->revoking);
	down_write(&window->lock);
	list_add_tail(&grants->node, &window->grants);
	up_write(&window->lock);
	mutex_unlock(&window->revoking);
	return grants;
}

/* The port goes, and nobody submits or completes any more: the back-end sees nothing more. */
void vlb_window_leave(struct vlb_grants *grants)
{
	struct vlb_window *window;
	LIST_HEAD(victims);

	if (!grants)
		return;
	window = grants->window;
	mutex_lock(&window->revoking);
	down_write(&window->lock);
	list_del(&grants->node);
	vlb_grants_expire_all(grants, &victims);
	up_write(&window->lock);
	zap(window, &victims);
	vlb_grants_release(grants, &victims);
	mutex_unlock(&window->revoking);
	vlb_grants_exit(grants);
	kfree(grants);
	vlb_window_put(window);
}

/* How many grants there are. */
u32 vlb_window_live(struct vlb_window *window)
{
	struct vlb_grants *grants;
	u32 live = 0;

	down_read(&window->lock);
	list_for_each_entry(grants, &window->grants, node)
		live += READ_ONCE(grants->live);
	up_read(&window->lock);
	return live;
}
