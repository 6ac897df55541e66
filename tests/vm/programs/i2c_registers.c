// SPDX-License-Identifier: GPL-2.0-only
/*
 * i2c_registers DEVICE ADDRESS fill|verify|read SEED: the 256 registers of an SMBus chip, by I2C messages.
 *
 *   fill     write a word to each, and verify
 *   verify   read each, as a word, as a byte, and by "send byte, receive byte"
 *   read     in no order, until there is a file "i2c_registers.stop"
 *
 * The number of a register and what is read from it are one transfer, except with "send byte, receive byte". The
 * words are made of SEED. Exit 0: all were as expected.
 *
 * A signal would not do for an end: in the middle of a transfer it makes the driver of Linux free memory in which
 * the answer has yet to arrive.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/i2c.h>
#include <linux/i2c-dev.h>

#define REGISTERS	256u

static int fd;
static uint16_t address;
static uint32_t seed;

static uint16_t word_of(unsigned int reg)
{
	uint32_t x = (reg + 1) * 2654435761u ^ seed * 40503u;

	return (uint16_t)(x >> 13);
}

static void transfer(struct i2c_msg *msgs, unsigned int count, unsigned int reg)
{
	struct i2c_rdwr_ioctl_data data = { .msgs = msgs, .nmsgs = count };
	int done = ioctl(fd, I2C_RDWR, &data);

	if (done < 0)
		err(1, "register 0x%02x", reg);
	if (done != (int)count)
		errx(1, "register 0x%02x: %d of %u messages", reg, done, count);
}

static void send(uint8_t *bytes, uint16_t len)
{
	struct i2c_msg msg = { .addr = address, .len = len, .buf = bytes };

	transfer(&msg, 1, bytes[0]);
}

static void write_word(unsigned int reg, uint16_t word)
{
	uint8_t bytes[] = { (uint8_t)reg, (uint8_t)word, (uint8_t)(word >> 8) };

	send(bytes, sizeof(bytes));
}

static void expect(unsigned int reg, const char *how, unsigned int is, unsigned int should_be)
{
	if (is != should_be)
		errx(1, "register 0x%02x as a %s is 0x%x, not 0x%x", reg, how, is, should_be);
}

/* The number and the value in one transfer. */
static void verify_register(unsigned int reg, uint16_t len)
{
	uint8_t number = (uint8_t)reg, value[2] = { 0xee, 0xee };
	struct i2c_msg msgs[] = {
		{ .addr = address, .len = 1, .buf = &number },
		{ .addr = address, .flags = I2C_M_RD, .len = len, .buf = value },
	};

	transfer(msgs, 2, reg);
	if (len == 2)
		expect(reg, "word", value[0] | value[1] << 8, word_of(reg));
	else
		expect(reg, "byte", value[0], word_of(reg) & 0xff);
}

/* In two transfers. The chip's pointer goes on by itself. */
static void verify_pointer(unsigned int reg)
{
	uint8_t number = (uint8_t)reg, value = 0xee;
	struct i2c_msg msg = { .addr = address, .flags = I2C_M_RD, .len = 1, .buf = &value };

	send(&number, 1);
	transfer(&msg, 1, reg);
	expect(reg, "received byte", value, word_of(reg) & 0xff);
}

static void verify(void)
{
	unsigned int reg;

	for (reg = 0; reg < REGISTERS; reg++) {
		verify_register(reg, 2);
		verify_register(reg, 1);
		verify_pointer(reg);
	}
}

static void fill(void)
{
	unsigned int reg;

	for (reg = 0; reg < REGISTERS; reg++)
		write_word(reg, word_of(reg));
	verify();
}

static void read_on(void)
{
	unsigned long count;

	for (count = 0; access("i2c_registers.stop", F_OK); count++)
		verify_register((unsigned int)random() % REGISTERS, 1 + (uint16_t)(random() & 1));
	printf("%lu registers\n", count);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		errx(2, "usage: i2c_registers DEVICE ADDRESS fill|verify|read SEED");
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[1]);
	address = (uint16_t)strtoul(argv[2], NULL, 0);
	seed = (uint32_t)strtoul(argv[4], NULL, 0);
	if (!strcmp(argv[3], "fill"))
		fill();
	else if (!strcmp(argv[3], "verify"))
		verify();
	else
		read_on();
	return 0;
}
