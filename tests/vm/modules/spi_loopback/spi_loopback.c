// SPDX-License-Identifier: GPL-2.0-only
/*
 * An SPI controller without hardware, whose devices send back what they receive, and a spidev on each of its two
 * chip selects. A device that is not selected sends ones. What the last transfer asked for is in the parameters.
 *
 * A controller that was not described by firmware, like the one of spi-virtio, has no devices. Writing its name to
 * the parameter "add" (spi1) gives it a spidev on its first chip select.
 */
#include <linux/bits.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/spi/spi.h>
#include <linux/string.h>

#define CHIP_SELECTS	2
#define MAX_SPEED_HZ	50000000

static uint transfers;
module_param(transfers, uint, 0444);
static uint selects;
module_param(selects, uint, 0444);
static uint last_mode;
module_param(last_mode, uint, 0444);
static uint last_bits;
module_param(last_bits, uint, 0444);
static uint last_speed_hz;
module_param(last_speed_hz, uint, 0444);
static uint last_chip_select;
module_param(last_chip_select, uint, 0444);

static struct platform_device *parent;
static struct spi_controller *controller;

/* Written and read by the one thread that works on the controller's messages. */
static bool selected;

static void set_cs(struct spi_device *spi, bool high)
{
	bool select = high == !!(spi->mode & SPI_CS_HIGH);

	if (select && !selected)
		selects++;
	selected = select;
}

static int transfer_one(struct spi_controller *host, struct spi_device *spi, struct spi_transfer *transfer)
{
	transfers++;
	last_mode = spi->mode & (SPI_MODE_X_MASK | SPI_CS_HIGH | SPI_LSB_FIRST | SPI_NO_CS);
	last_bits = transfer->bits_per_word;
	last_speed_hz = transfer->speed_hz;
	last_chip_select = spi_get_chipselect(spi, 0);
	transfer->effective_speed_hz = transfer->speed_hz;
	if (!transfer->rx_buf)
		return 0;
	if (!selected && !(spi->mode & SPI_NO_CS))
		memset(transfer->rx_buf, 0xff, transfer->len);
	else if (transfer->tx_buf)
		memcpy(transfer->rx_buf, transfer->tx_buf, transfer->len);
	else
		memset(transfer->rx_buf, 0, transfer->len);
	return 0;
}

static int add_spidev(struct spi_controller *host, u16 chip_select)
{
	struct spi_board_info info = {
		.modalias = "spi-authenta", /* one that spidev takes */
		.max_speed_hz = MAX_SPEED_HZ,
		.chip_select = chip_select,
	};

	return spi_new_device(host, &info) ? 0 : -EINVAL;
}

static int add_by_name(const char *value, const struct kernel_param *kp)
{
	struct device *dev;
	char name[16];
	int err;

	if (!controller || strscpy(name, value, sizeof(name)) < 0)
		return -EINVAL;
	dev = class_find_device_by_name(controller->dev.class, strim(name));
	if (!dev)
		return -ENODEV;
	err = add_spidev(container_of(dev, struct spi_controller, dev), 0);
	put_device(dev);
	return err;
}

static const struct kernel_param_ops add_ops = { .set = add_by_name };
module_param_cb(add, &add_ops, NULL, 0200);

static int __init spi_loopback_init(void)
{
	u16 i;
	int err;

	parent = platform_device_register_simple("spi_loopback", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	err = -ENOMEM;
	controller = spi_alloc_host(&parent->dev, 0);
	if (!controller)
		goto unregister_parent;
	controller->bus_num = -1; /* the next free one */
	controller->num_chipselect = CHIP_SELECTS;
	controller->mode_bits = SPI_MODE_X_MASK | SPI_CS_HIGH | SPI_LSB_FIRST | SPI_NO_CS;
	controller->bits_per_word_mask = SPI_BPW_MASK(8) | SPI_BPW_MASK(16) | SPI_BPW_MASK(32);
	controller->max_speed_hz = MAX_SPEED_HZ;
	controller->set_cs = set_cs;
	controller->transfer_one = transfer_one;
	err = spi_register_controller(controller);
	if (err)
		goto put_controller;
	for (i = 0; i < CHIP_SELECTS; i++) {
		err = add_spidev(controller, i);
		if (err)
			goto unregister_controller;
	}
	return 0;

unregister_controller:
	spi_unregister_controller(controller); /* and its devices; puts it */
	goto unregister_parent;
put_controller:
	spi_controller_put(controller);
unregister_parent:
	platform_device_unregister(parent);
	return err;
}

static void __exit spi_loopback_exit(void)
{
	spi_unregister_controller(controller);
	platform_device_unregister(parent);
}

module_init(spi_loopback_init);
module_exit(spi_loopback_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("SPI controller that sends back what it is sent, for tests");
