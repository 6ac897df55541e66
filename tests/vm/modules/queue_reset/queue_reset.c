// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio driver that resets and resizes its queue again and again, which virtio_blk never does. It takes a block
 * device that has no driver, reads the first sectors with each size of the queue, and leaves in its parameters how
 * many rounds it completed and the checksum of what it read, which is the same every time or the round fails.
 */
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/crc32.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>

#define SECTORS		16
#define ROUNDS		20

static uint rounds;
module_param(rounds, uint, 0444);
static uint sum;
module_param(sum, uint, 0444);

struct reader {
	struct virtqueue *vq;
	struct completion done;
	struct virtio_blk_outhdr header;
	u8 status;
	u8 data[SECTORS * SECTOR_SIZE];
};

static void used(struct virtqueue *vq)
{
	struct reader *reader = vq->vdev->priv;
	unsigned int len;

	while (virtqueue_get_buf(vq, &len))
		complete(&reader->done);
}

static void no_buffer_left(struct virtqueue *vq, void *buf)
{
	pr_err("queue_reset: a buffer was left in an idle queue\n");
}

static int read_sectors(struct reader *reader)
{
	struct scatterlist header, data, status, *sgs[] = { &header, &data, &status };
	int err;

	reader->header.type = cpu_to_virtio32(reader->vq->vdev, VIRTIO_BLK_T_IN);
	reader->status = 0xff;
	memset(reader->data, 0, sizeof(reader->data));
	sg_init_one(&header, &reader->header, sizeof(reader->header));
	sg_init_one(&data, reader->data, sizeof(reader->data));
	sg_init_one(&status, &reader->status, sizeof(reader->status));
	reinit_completion(&reader->done);
	err = virtqueue_add_sgs(reader->vq, sgs, 1, 2, reader, GFP_KERNEL);
	if (err)
		return err;
	virtqueue_kick(reader->vq);
	if (!wait_for_completion_timeout(&reader->done, msecs_to_jiffies(20000)))
		return -ETIMEDOUT;
	return reader->status ? -EIO : 0;
}

static int one_round(struct reader *reader, u32 num)
{
	u32 crc;
	int err;

	err = virtqueue_resize(reader->vq, num, no_buffer_left, NULL);
	if (!err)
		err = read_sectors(reader);
	if (err)
		return err;
	crc = crc32_le(~0, reader->data, sizeof(reader->data)) ^ ~0;
	if (rounds && crc != sum)
		return -EBADMSG;
	sum = crc;
	rounds++;
	return 0;
}

static int probe(struct virtio_device *vdev)
{
	u32 max, i;
	struct reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	int err = 0;

	if (!reader)
		return -ENOMEM;
	vdev->priv = reader;
	init_completion(&reader->done);
	reader->vq = virtio_find_single_vq(vdev, used, "requests");
	if (IS_ERR(reader->vq)) {
		err = PTR_ERR(reader->vq);
		goto free;
	}
	virtio_device_ready(vdev);
	max = reader->vq->num_max;
	for (i = 0; i < ROUNDS && !err; i++)
		err = one_round(reader, i % 2 ? max : max / 4);
	if (!err)
		return 0;
	dev_err(&vdev->dev, "round %u failed (error %d)\n", i, err);
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
free:
	kfree(reader);
	return err;
}

static void remove(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
	kfree(vdev->priv);
}

static const struct virtio_device_id ids[] = { { VIRTIO_ID_BLOCK, VIRTIO_DEV_ANY_ID }, { } };

static struct virtio_driver queue_reset_driver = {
	.driver.name = "queue_reset",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
};

module_virtio_driver(queue_reset_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("resets and resizes a virtqueue, for tests");
