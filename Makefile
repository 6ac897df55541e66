# SPDX-License-Identifier: GPL-2.0-only
#
#   make            the tool, into build/
#   make module     the kernel module, against KDIR
#   make unit       the unit tests, under AddressSanitizer and UndefinedBehaviorSanitizer
#   make check      all tests            make demo    see it work in a virtual machine
#   make bench      compare with VDUSE, ublk, NBD, loop; BENCH=--quick: less, see bench/run --help
#   make tidy       clang-tidy over the tool
#   make install    the tool, its man page and, where KDIR exists, the module
#
# O=DIR puts everything that is built elsewhere, but for the module; DESTDIR and PREFIX as usual.

O ?= build
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
UDEVDIR ?= $(PREFIX)/lib/udev
KDIR ?= /lib/modules/$(shell uname -r)/build

CC ?= cc
CLANG ?= clang
CLANG_TIDY ?= clang-tidy
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g

# What the sources rely on, whatever CFLAGS says. Messages may be cut off; paths are checked.
common_cflags := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wvla -Wshadow \
		 -Wmissing-prototypes -Wno-unknown-warning-option \
		 -Wno-format-truncation -Wno-missing-field-initializers -Iinclude -Iinclude/uapi -MMD -MP
hardening := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

seccomp_cflags := $(shell $(PKG_CONFIG) --cflags libseccomp 2>/dev/null)
seccomp_libs := $(shell $(PKG_CONFIG) --libs libseccomp 2>/dev/null || echo -lseccomp)
cmocka_libs := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null || echo -lcmocka)

tool_src := $(wildcard src/*.c src/*/*.c)
tool_obj := $(tool_src:%.c=$(O)/%.o)

.PHONY: all
all: tool

# ---- the tool -----------------------------------------------------------------------

.PHONY: tool
tool: $(O)/virtio-loopback

$(O)/virtio-loopback: $(tool_obj)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $^ $(seccomp_libs)

$(O)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(common_cflags) $(hardening) $(seccomp_cflags) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# ---- the thin back-end of the benchmark ----------------------------------------------

.PHONY: null-blk
null-blk: $(O)/null-blk

$(O)/null-blk: $(wildcard bench/null-blk/*.c bench/null-blk/*.h) src/vhost_user/protocol.h
	@mkdir -p $(@D)
	$(CC) $(common_cflags) $(CFLAGS) -pthread -o $@ $(filter %.c,$^)

# ---- what copying costs, by kind of page ----------------------------------------------

.PHONY: pool-pages
pool-pages: $(O)/pool-pages

$(O)/pool-pages: bench/pool-pages.c
	@mkdir -p $(@D)
	$(CC) $(common_cflags) $(CFLAGS) -o $@ $<

# ---- unit tests -----------------------------------------------------------------------

# tests/unit/src_*.c tests the tool: linked with all of it but main().
# tests/unit/kernel_*.c tests these kernel sources, built with the headers of
# tests/unit/include and linked with the models in tests/unit/kernel.
KERNEL_UNIT_SRC ?= kernel/arena.c kernel/busy_poll.c kernel/driver_ring.c kernel/grants.c kernel/handover.c \
		   kernel/local.c kernel/posted.c kernel/relay.c kernel/request.c kernel/shadow_ring.c

unit_dir := $(O)/unit
unit_tool_obj := $(patsubst %.c,$(unit_dir)/%.o,$(filter-out src/main.c,$(tool_src)))
unit_kernel_obj := $(patsubst %.c,$(unit_dir)/%.o,$(KERNEL_UNIT_SRC) $(wildcard tests/unit/kernel/*.c))
unit_src_tests := $(patsubst tests/unit/%.c,$(unit_dir)/%,$(wildcard tests/unit/src_*.c))
unit_kernel_tests := $(patsubst tests/unit/%.c,$(unit_dir)/%,$(wildcard tests/unit/kernel_*.c))
unit_tests := $(unit_src_tests) $(unit_kernel_tests)

.PHONY: unit unit-src unit-kernel
unit: unit-src unit-kernel
unit-src: $(unit_src_tests:=.passed)
unit-kernel: $(unit_kernel_tests:=.passed)

# The real tool, with a pretended module: see tests/unit/src_shim/module_shim.c.
unit_environment := VLB_TOOL=$(abspath $(O)/virtio-loopback) VLB_SHIM=$(abspath $(unit_dir)/module_shim.so)

$(patsubst %,$(unit_dir)/%.passed,src_adapter src_adapter_failure src_adapter_run src_attach): \
		$(O)/virtio-loopback $(unit_dir)/module_shim.so

$(unit_dir)/module_shim.so: tests/unit/src_shim/module_shim.c tests/unit/src_shim/shim_protocol.h
	@mkdir -p $(@D)
	$(CC) $(common_cflags) -O1 -g -shared -fPIC -o $@ $<

# Always run. A test that hangs fails; make stops at the first that does not pass.
%.passed: % FORCE
	$(unit_environment) timeout 120 $<
	@touch $@

.PHONY: FORCE
FORCE:

.SECONDARY: $(unit_tests) $(unit_tests:=.o) $(unit_tool_obj) $(unit_kernel_obj)

$(unit_dir)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(common_cflags) $(seccomp_cflags) -O1 -g $(sanitize) -c -o $@ $<

$(unit_dir)/src_%.o: tests/unit/src_%.c
	@mkdir -p $(@D)
	$(CC) $(common_cflags) -Isrc -O1 -g $(sanitize) -c -o $@ $<

$(unit_dir)/src_%: $(unit_dir)/src_%.o $(unit_dir)/libtool.a
	$(CC) $(sanitize) -o $@ $^ $(cmocka_libs) $(seccomp_libs)

# An archive: a test may bring its own version of a file, such as a pretended device.
$(unit_dir)/libtool.a: $(unit_tool_obj)
	rm -f $@ && $(AR) rcs $@ $^

unit_kernel_cflags := -Itests/unit/include -Ikernel

$(unit_dir)/kernel/%.o: kernel/%.c
	@mkdir -p $(@D)
	$(CC) $(unit_kernel_cflags) $(common_cflags) -Wno-missing-prototypes -O1 -g $(sanitize) -c -o $@ $<

$(unit_dir)/tests/unit/kernel/%.o: tests/unit/kernel/%.c
	@mkdir -p $(@D)
	$(CC) $(unit_kernel_cflags) $(common_cflags) -Wno-missing-prototypes -O1 -g $(sanitize) -c -o $@ $<

$(unit_dir)/kernel_%.o: tests/unit/kernel_%.c
	@mkdir -p $(@D)
	$(CC) $(unit_kernel_cflags) $(common_cflags) -Wno-missing-prototypes -O1 -g $(sanitize) -c -o $@ $<

$(unit_dir)/kernel_%: $(unit_dir)/kernel_%.o $(unit_kernel_obj)
	$(CC) $(sanitize) -o $@ $^ $(cmocka_libs)

# ---- fuzzing ----------------------------------------------------------------------------

FUZZ_SECONDS ?= 30
fuzz_src := src/vhost_user/message.c src/vhost_user/connection.c src/vhost_user/front_end.c \
	    src/vhost_user/backend_requests.c

$(O)/fuzz/fuzz_messages: tests/fuzz/fuzz_messages.c $(fuzz_src) $(wildcard src/*.h src/*/*.h)
	@mkdir -p $(@D)
	$(CLANG) -std=gnu11 -D_GNU_SOURCE -Iinclude -Iinclude/uapi -Isrc -g -O1 \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $(filter %.c,$^)

.PHONY: fuzz
fuzz: $(O)/fuzz/fuzz_messages
	@mkdir -p $(O)/fuzz/corpus
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=4096 $(O)/fuzz/corpus

# Left out: what contradicts the kernel's style or is wrong about va_list in clang 14.
TIDY_CHECKS := -*,clang-analyzer-*,bugprone-*,performance-*,misc-*,$\
	-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,$\
	-bugprone-suspicious-string-compare,-clang-analyzer-valist.Uninitialized,$\
	-bugprone-assignment-in-if-condition,-misc-include-cleaner,-misc-no-recursion,$\
	-bugprone-multi-level-implicit-pointer-conversion,-bugprone-narrowing-conversions,$\
	-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling

.PHONY: tidy
tidy:
	$(CLANG_TIDY) --quiet --checks='$(TIDY_CHECKS)' --warnings-as-errors='*' $(tool_src) -- \
		-std=gnu11 -D_GNU_SOURCE -Iinclude -Iinclude/uapi $(seccomp_cflags)

# ---- the module, the virtual machine -----------------------------------------------------

.PHONY: module
module:
	$(MAKE) -C $(KDIR) M=$(CURDIR)/kernel modules

.PHONY: demo
demo:
	demo/run

.PHONY: check
check:
	tests/check

.PHONY: bench
bench:
	scripts/install-packages build vm bench
	scripts/install-packages browser || echo "no browser: nothing looks at the report"
	bench/run $(BENCH)

# ---- installation ------------------------------------------------------------------------

.PHONY: install
install: tool
	install -D -m 755 $(O)/virtio-loopback $(DESTDIR)$(SBINDIR)/virtio-loopback
	install -D -m 644 man/virtio-loopback.8 $(DESTDIR)$(MANDIR)/man8/virtio-loopback.8
	install -D -m 644 packaging/completion/virtio-loopback.bash \
		$(DESTDIR)$(COMPLETIONDIR)/virtio-loopback
	install -D -m 644 packaging/udev/60-virtio-loopback.rules \
		$(DESTDIR)$(UDEVDIR)/rules.d/60-virtio-loopback.rules
	if [ -d $(KDIR) ]; then \
		$(MAKE) module && \
		$(MAKE) -C $(KDIR) M=$(CURDIR)/kernel $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) \
			modules_install && \
		{ [ -n "$(DESTDIR)" ] || PATH=$$PATH:/sbin:/usr/sbin depmod -a; }; \
	fi

.PHONY: uninstall
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/virtio-loopback $(DESTDIR)$(MANDIR)/man8/virtio-loopback.8 \
		$(DESTDIR)$(COMPLETIONDIR)/virtio-loopback \
		$(DESTDIR)$(UDEVDIR)/rules.d/60-virtio-loopback.rules
	rm -f $(DESTDIR)/lib/modules/*/updates/virtio_loopback.ko* \
		$(DESTDIR)/lib/modules/*/extra/virtio_loopback.ko*

.PHONY: clean
clean:
	rm -rf $(O)

-include $(shell find $(O)/src $(O)/unit -type f -name '*.d' 2>/dev/null)
