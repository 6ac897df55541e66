// SPDX-License-Identifier: GPL-2.0-only
/*
 * An I2C adapter without hardware, that does plain messages of any length, not only what SMBus knows, and has one device:
 * 256 bytes at the address in the parameter "address". The first byte written sets the pointer, further ones go where
 * it points; reading goes on from there. The pointer goes round, and stays until the next message.
 */
#include <linux/i2c.h>
#include <linux/module.h>

static ushort address = 0x50;
module_param(address, ushort, 0444);

/* The core lets one transfer through at a time. */
static u8 memory[256];
static u8 pointer;

static void write_to_device(const struct i2c_msg *msg)
{
	u16 i;

	for (i = 0; i < msg->len; i++)
		if (i == 0)
			pointer = msg->buf[0];
		else
			memory[pointer++] = msg->buf[i];
}

static void read_from_device(const struct i2c_msg *msg)
{
	u16 i;

	for (i = 0; i < msg->len; i++)
		msg->buf[i] = memory[pointer++];
}

static int transfer(struct i2c_adapter *adapter, struct i2c_msg *msgs, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (msgs[i].addr != address)
			return -ENXIO;
		if (msgs[i].flags & I2C_M_RD)
			read_from_device(&msgs[i]);
		else
			write_to_device(&msgs[i]);
	}
	return count;
}

static u32 functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = {
	.xfer = transfer,
	.functionality = functionality,
};

static struct i2c_adapter adapter = {
	.owner = THIS_MODULE,
	.name = "i2c_memory",
	.algo = &algorithm,
};

static int __init i2c_memory_init(void)
{
	return i2c_add_adapter(&adapter);
}

static void __exit i2c_memory_exit(void)
{
	i2c_del_adapter(&adapter);
}

module_init(i2c_memory_init);
module_exit(i2c_memory_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("I2C adapter with 256 bytes of memory, for tests");
