// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes whole pages of kernel memory to the start of a disk, reads them back and compares, as it
 * is loaded: that fails if the data is wrong. What memory is the parameter "kind":
 *
 *   slab   an object of an allocator's cache, which shares its reference count with its neighbours
 *   large  kmalloc() of more than the caches have, counted on some kernels and not on others
 *   tail   one of several pages that are no compound one, so that only the first is counted
 *   pages  counted like those of user space
 *
 * Whether it was counted is left in a parameter, too. Each 32-bit word of the data is its own
 * number, in little endian.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

static char *disk;
module_param(disk, charp, 0444);
static char *kind;
module_param(kind, charp, 0444);
static bool counted;
module_param(counted, bool, 0444);

#define TAIL_ORDER	1
#define PAGES_ORDER	1

static void *kmalloc_it(size_t len)
{
	return kmalloc(len, GFP_KERNEL);
}

static void kfree_it(void *data)
{
	kfree(data);
}

static void *get_tail(size_t len)
{
	unsigned long first = __get_free_pages(GFP_KERNEL, TAIL_ORDER);

	return first ? (void *)(first + PAGE_SIZE) : NULL;
}

static void free_tail(void *data)
{
	free_pages((unsigned long)data - PAGE_SIZE, TAIL_ORDER);
}

static void *get_pages(size_t len)
{
	return (void *)__get_free_pages(GFP_KERNEL | __GFP_COMP, PAGES_ORDER);
}

static void free_them(void *data)
{
	free_pages((unsigned long)data, PAGES_ORDER);
}

static const struct kind {
	const char *name;
	size_t len;
	void *(*get)(size_t len);
	void (*free)(void *data);
} kinds[] = {
	{ "slab", PAGE_SIZE, kmalloc_it, kfree_it },
	{ "large", 4 * KMALLOC_MAX_CACHE_SIZE, kmalloc_it, kfree_it },
	{ "tail", PAGE_SIZE, get_tail, free_tail },
	{ "pages", PAGE_SIZE << PAGES_ORDER, get_pages, free_them },
};

static const struct kind *find_kind(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kind && !strcmp(kind, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* The test would be none if the memory were not what it is called. */
static bool is_as_meant(const struct kind *k, const void *data)
{
	struct page *page = virt_to_page(data);

	if (!PAGE_ALIGNED(data))
		return false;
	if (!strcmp(k->name, "slab"))
		return PageSlab(compound_head(page));
	if (!strcmp(k->name, "tail"))
		return !page_count(page);
	return !PageSlab(compound_head(page));
}

static int transfer(struct block_device *bdev, void *data, size_t len, blk_opf_t op)
{
	struct bio_vec vec;
	struct bio bio;
	int err;

	bio_init(&bio, bdev, &vec, 1, op | REQ_SYNC);
	__bio_add_page(&bio, virt_to_page(data), len, 0);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

static int write_and_read(struct block_device *bdev, __le32 *words, size_t len)
{
	size_t count = len / sizeof(*words), i;
	int err;

	for (i = 0; i < count; i++)
		words[i] = cpu_to_le32(i);
	err = transfer(bdev, words, len, REQ_OP_WRITE);
	memset(words, 0xff, len);
	if (!err)
		err = transfer(bdev, words, len, REQ_OP_READ);
	for (i = 0; i < count && !err; i++)
		if (words[i] != cpu_to_le32(i))
			err = -EBADMSG;
	return err;
}

static int with_memory(struct block_device *bdev)
{
	const struct kind *k = find_kind();
	void *data;
	int err;

	if (!k)
		return -EINVAL;
	data = k->get(k->len);
	if (!data)
		return -ENOMEM;
	counted = page_count(virt_to_head_page(data));
	err = is_as_meant(k, data) ? write_and_read(bdev, data, k->len) : -EDOM;
	k->free(data);
	return err;
}

static int __init slab_io_init(void)
{
	struct file *file;
	int err;

	file = bdev_file_open_by_path(disk, BLK_OPEN_READ | BLK_OPEN_WRITE, NULL, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = with_memory(file_bdev(file));
	bdev_fput(file);
	return err;
}

static void __exit slab_io_exit(void)
{
}

module_init(slab_io_init);
module_exit(slab_io_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("reads and writes a disk with memory of the kernel's, for tests");
