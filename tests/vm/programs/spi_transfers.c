// SPDX-License-Identifier: GPL-2.0-only
/*
 * spi_transfers SPIDEV CHIP-SELECT all|loop: transfers to a device that sends back what it is sent, behind the
 * spi_loopback of tests/vm/modules, on its chip select CHIP-SELECT.
 *
 *   all   every kind of transfer, up to 64 KiB (spidev's bufsiz has to allow that), mode and word size; what arrives at
 *         the controller is in the parameters of spi_loopback
 *   loop  until there is a file "spi_transfers.stop": transfers of any size up to 8 KiB
 *
 * Exit 0: all brought back what was expected.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/spi/spi.h>
#include <linux/spi/spidev.h>

#define MAX_LEN		65536u
#define SPEED_HZ	1000000u

static int fd;
static unsigned int chip_select;
static uint8_t sent[MAX_LEN], received[MAX_LEN];

static unsigned int parameter(const char *name)
{
	char path[128], text[32] = "";
	FILE *in;

	snprintf(path, sizeof(path), "/sys/module/spi_loopback/parameters/%s", name);
	in = fopen(path, "re");
	if (!in || !fgets(text, sizeof(text), in))
		err(1, "%s", path);
	fclose(in);
	return (unsigned int)strtoul(text, NULL, 0);
}

static void expect_parameter(const char *name, unsigned int value)
{
	if (parameter(name) != value)
		errx(1, "%s is 0x%x, not 0x%x", name, parameter(name), value);
}

static void fill(uint8_t *data, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		data[i] = (uint8_t)random();
}

static void message(struct spi_ioc_transfer *transfers, unsigned int count)
{
	unsigned int len = 0, i;

	for (i = 0; i < count; i++)
		len += transfers[i].len;
	if (ioctl(fd, SPI_IOC_MESSAGE(count), transfers) < 0)
		err(1, "message of %u transfers, %u bytes", count, len);
}

static void compare(unsigned int from, unsigned int len, const char *what)
{
	unsigned int i;

	for (i = from; i < from + len; i++)
		if (received[i] != sent[i])
			errx(1, "%s of %u bytes: byte %u is 0x%02x, not 0x%02x", what, len,
			     i - from, received[i], sent[i]);
}

static struct spi_ioc_transfer both_ways(unsigned int from, unsigned int len)
{
	return (struct spi_ioc_transfer){
		.tx_buf = (uintptr_t)(sent + from), .rx_buf = (uintptr_t)(received + from),
		.len = len, .speed_hz = SPEED_HZ,
	};
}

static void full_duplex(unsigned int len)
{
	struct spi_ioc_transfer transfer = both_ways(0, len);

	fill(sent, len);
	memset(received, 0, len);
	message(&transfer, 1);
	compare(0, len, "transfer");
}

/* One direction only: the device sends zeros if it is sent nothing. */
static void half_duplex(unsigned int len)
{
	struct spi_ioc_transfer transfer = both_ways(0, len);
	unsigned int before = parameter("transfers");

	transfer.rx_buf = 0;
	message(&transfer, 1);
	expect_parameter("transfers", before + 1);
	transfer = both_ways(0, len);
	transfer.tx_buf = 0;
	memset(sent, 0, len);
	memset(received, 0xee, len);
	message(&transfer, 1);
	compare(0, len, "reception");
}

static void several_in_one_message(void)
{
	static const unsigned int lens[] = { 1, 500, 4096, 3, 30000, 64 };
	struct spi_ioc_transfer transfers[6];
	unsigned int from = 0, i;

	for (i = 0; i < 6; i++) {
		transfers[i] = both_ways(from, lens[i]);
		from += lens[i];
	}
	fill(sent, from);
	memset(received, 0, from);
	message(transfers, 6);
	compare(0, from, "message");
}

static void all_sizes(void)
{
	static const unsigned int lens[] = {
		1, 2, 3, 4, 5, 31, 64, 255, 256, 257, 1000, 4095, 4096, 4097, 16384, 65535, 65536,
	};
	unsigned int i;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		full_duplex(lens[i]);
		half_duplex(lens[i]);
	}
	expect_parameter("last_speed_hz", SPEED_HZ);
	expect_parameter("last_chip_select", chip_select);
}

static void all_modes(void)
{
	static const uint32_t modes[] = {
		SPI_MODE_1, SPI_MODE_2, SPI_MODE_3, SPI_MODE_3 | SPI_LSB_FIRST,
		SPI_MODE_0 | SPI_CS_HIGH, SPI_MODE_0,
	};
	unsigned int i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (ioctl(fd, SPI_IOC_WR_MODE32, &modes[i]) < 0)
			err(1, "mode 0x%x", modes[i]);
		full_duplex(100);
		expect_parameter("last_mode", modes[i]);
	}
}

static void all_word_sizes(void)
{
	static const uint8_t sizes[] = { 16, 32, 8 };
	uint8_t none = 24;
	unsigned int i;

	for (i = 0; i < sizeof(sizes); i++) {
		if (ioctl(fd, SPI_IOC_WR_BITS_PER_WORD, &sizes[i]) < 0)
			err(1, "%u bits", sizes[i]);
		full_duplex(4096);
		expect_parameter("last_bits", sizes[i]);
	}
	/* The controller behind the back-end has no such words. */
	if (!ioctl(fd, SPI_IOC_WR_BITS_PER_WORD, &none))
		errx(1, "%u bits were accepted", none);
	full_duplex(4096);
}

static void all(void)
{
	all_sizes();
	several_in_one_message();
	all_modes();
	all_word_sizes();
}

static void loop(void)
{
	unsigned long count;

	for (count = 0; access("spi_transfers.stop", F_OK); count++)
		full_duplex(1 + (unsigned int)random() % 8192);
	printf("%lu transfers\n", count);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "usage: spi_transfers SPIDEV CHIP-SELECT all|loop");
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[1]);
	chip_select = (unsigned int)strtoul(argv[2], NULL, 0);
	srandom(chip_select + 1);
	if (!strcmp(argv[3], "all"))
		all();
	else
		loop();
	return 0;
}
