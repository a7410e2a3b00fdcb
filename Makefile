# SPDX-License-Identifier: GPL-2.0-only
#
# make demo    all set-up, then the seed's question answered
# make check   all set-up, then every test; last line "N passed, N failed, ..."
# make help    the rest

CC ?= gcc
BUILD ?= build
PREFIX ?= /usr/local
SAN ?= -fsanitize=address,undefined -fno-sanitize-recover=all
WARN := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow \
        -Wstrict-prototypes -Wmissing-prototypes -Wvla
# Archives where Debian has them: a shared object costs every start its loading,
# and SQLite serves one command. Elsewhere: make LIBS="-lZydis -lyaml ...".
LIBS := -lZydis -l:libyaml.a -l:libjansson.a -l:libsqlite3.a -lm -lpthread

SRC := $(sort $(wildcard sim/*/*.c sim/*/*/*.c))
CLI := $(filter sim/cli/%,$(SRC))
LIB := $(filter-out sim/cli/%,$(SRC))
UNIT := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(UNIT))

.SECONDARY:
OPT := $(BUILD)/opt
ASAN := $(BUILD)/asan

.PHONY: all deps demo check check-long differential deps-differential unit \
    kernel-policy kernel-differential deps-kernel \
    clang fmt lint bench schema install clean help
.DEFAULT_GOAL := all
all: $(BUILD)/nptsim

# Two builds of the same sources: optimised, and with sanitizers for tests.
$(OPT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(WARN) -O2 -g -Iinclude -Isim -Itests -MMD -MP $(CFLAGS) -c $< -o $@
$(ASAN)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(WARN) -O1 -g $(SAN) -Iinclude -Isim -Itests -MMD -MP $(CFLAGS) -c $< -o $@

$(OPT)/libnptsim.a: $(LIB:%.c=$(OPT)/%.o)
	@rm -f $@; ar rcs $@ $^
$(ASAN)/libnptsim.a: $(LIB:%.c=$(ASAN)/%.o)
	@rm -f $@; ar rcs $@ $^
$(BUILD)/nptsim: $(CLI:%.c=$(OPT)/%.o) $(OPT)/libnptsim.a
	$(CC) -o $@ $^ $(LIBS)
$(ASAN)/nptsim: $(CLI:%.c=$(ASAN)/%.o) $(ASAN)/libnptsim.a
	$(CC) $(SAN) -o $@ $^ $(LIBS)

$(ASAN)/unit/%: $(ASAN)/tests/unit/%.o $(ASAN)/libnptsim.a
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ $(LIBS) -lcheck -lsubunit -lm -lrt

# A second opinion on every walk: tests/oracle/.
JUDGE := $(filter-out tests/oracle/main.c,$(sort $(wildcard tests/oracle/*.c)))
$(ASAN)/unit/oracle/%: $(ASAN)/tests/unit/oracle/%.o \
        $(JUDGE:%.c=$(ASAN)/%.o) $(ASAN)/libnptsim.a
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ $(LIBS) -lcheck -lsubunit -lm -lrt
$(ASAN)/oracle: $(ASAN)/tests/oracle/main.o $(JUDGE:%.c=$(ASAN)/%.o) \
        $(ASAN)/libnptsim.a
	$(CC) $(SAN) -o $@ $^ $(LIBS)
unit: $(UNIT_NAMES:%=$(ASAN)/unit/%)
	@tests/unit.sh $^

# Set-up is a step of its own, so that a missing compiler is installed first.
deps:
	@tests/deps.sh
demo: deps
	@$(MAKE) -s -j2 all
	@tests/demo.sh

check: deps deps-differential deps-kernel
	@$(MAKE) -s -j2 all $(ASAN)/nptsim $(ASAN)/oracle clang $(KERNEL)/compare \
	    $(UNIT_NAMES:%=$(ASAN)/unit/%) $(DIFF_PROGRAMS)
	@tests/check.sh $(UNIT_NAMES:%=$(ASAN)/unit/%)

# Mistakes planted in sim/hw, which the oracle must find; then a billion random
# walks. It prints where it is; to go on from there: make check-long FROM=...;
# another billion: SEED=2.
COUNT ?= 1000000000
FROM ?= 0
SEED ?= 1
check-long: deps
	@$(MAKE) -s -j2 $(ASAN)/oracle
	@bash tests/oracle/planted.sh
	@$(ASAN)/oracle check $(COUNT) $(FROM) $(SEED)

# QEMU's CPU and ours, asked the same questions. Without QEMU and without the
# right to install it the questions are skipped, with a word about it.
DIFF := $(BUILD)/differential
DIFF_PROGRAMS := $(DIFF)/generate $(DIFF)/judge $(DIFF)/guest.elf \
                 $(DIFF)/guest32.elf
DIFF_COMMON := $(addprefix $(ASAN)/tests/differential/,\
    build.o image.o recipes.o replay.o)
DIFF_COUNT ?= 2500
GUEST := -std=c11 -O2 -Wall -Wextra -Werror -ffreestanding -nostdlib \
         -fno-pic -mno-red-zone -mgeneral-regs-only \
         -fno-stack-protector -fcf-protection=none \
         -fno-asynchronous-unwind-tables -Iinclude -Itests -MMD -MP

differential: deps deps-differential
	@$(MAKE) -s -j2 $(DIFF_PROGRAMS)
	@bats --tap tests/differential
	@tests/differential/run.sh $(DIFF) $(DIFF_COUNT)
deps-differential: deps
	@tests/deps.sh packages-differential.txt || true
$(DIFF)/generate: $(ASAN)/tests/differential/generate.o $(DIFF_COMMON)
$(DIFF)/judge: $(addprefix $(ASAN)/tests/differential/,judge.o rules.o \
    rules_read.o) $(DIFF_COMMON)
$(DIFF)/generate $(DIFF)/judge: $(ASAN)/libnptsim.a
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)
$(DIFF)/guest/%.o: tests/differential/guest/%.c
	@mkdir -p $(@D)
	$(CC) -m64 $(GUEST) -c $< -o $@
$(DIFF)/guest32/%.o: tests/differential/guest/%.c
	@mkdir -p $(@D)
	$(CC) -m32 $(GUEST) -c $< -o $@
$(DIFF)/guest/%.o: tests/differential/guest/%.S
	@mkdir -p $(@D)
	$(CC) -m64 -c $< -o $@
# QEMU loads 32-bit ELF only; what is inside does not care.
$(DIFF)/guest.elf: tests/differential/guest/link.ld \
    $(DIFF)/guest/boot.o $(DIFF)/guest/main.o
	ld -m elf_x86_64 -z max-page-size=4096 -T $^ -o $@.64
	objcopy -O elf32-i386 $@.64 $@
$(DIFF)/guest32/%.o: tests/differential/guest/%.S
	@mkdir -p $(@D)
	$(CC) -m32 -c $< -o $@
$(DIFF)/guest32.elf: tests/differential/guest/link.ld \
    $(DIFF)/guest32/boot32.o $(DIFF)/guest32/main.o
	ld -m elf_i386 -T $^ -o $@

# The policy of a Linux tree that the user has, its own text, to be asked like a
# model: nptsim batch gating --text $(BUILD)/libkernel-policy.so
KERNEL := $(BUILD)/kernel
kernel-policy: deps
	@[ -n "$(KDIR)" ] || { echo "usage: make kernel-policy KDIR=<linux tree>" >&2; exit 2; }
	@mkdir -p $(KERNEL)
	@CC="$(CC)" tests/kernel/build.py "$(KDIR)" $(BUILD)/libkernel-policy.so \
	    $(KERNEL)/policy
# Debian's own kernel and our model of it, every state of the golden grid; also
# other kernels of Debian whose source is installed.
KERNEL_SOURCES = $(sort linux-source-6.1 \
    $(patsubst /usr/src/%.tar.xz,%,$(wildcard /usr/src/linux-source-*.tar.xz)))
kernel-differential: deps deps-kernel
	@$(MAKE) -s -j2 all $(KERNEL)/compare
	@CC="$(CC)" tests/kernel/differential.sh $(BUILD) 0 $(KERNEL_SOURCES)
	@bats --tap tests/kernel
deps-kernel: deps
	@tests/deps.sh packages-kernel.txt || true
COMPARE := $(addprefix $(OPT)/tests/kernel/,compare.o states.o sptes.o)
$(KERNEL)/compare: $(COMPARE) $(OPT)/libnptsim.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LIBS)

# The other compiler's opinion of every source.
clang: $(SRC:%.c=$(BUILD)/clang/%.ok)
$(BUILD)/clang/%.ok: %.c
	@mkdir -p $(@D)
	clang-14 $(WARN) -Iinclude -Isim -fsyntax-only $< && touch $@

fmt:
	@clang-format-14 -i $(shell find sim include tests -name '*.[ch]')
lint: $(BUILD)/nptsim
	$(BUILD)/nptsim lint $(shell find scenarios -name '*.yaml')
schema: $(BUILD)/nptsim
	$(BUILD)/nptsim list schema > schema/scenario-v1.json

BENCH := $(sort $(wildcard tests/bench/*.c))
$(BUILD)/nptsim-bench: $(BENCH:%.c=$(OPT)/%.o) $(OPT)/libnptsim.a
	$(CC) -o $@ $^ $(LIBS)
bench: deps
	@$(MAKE) -s -j2 all $(BUILD)/nptsim-bench
	@$(BUILD)/nptsim-bench $(BUILD)/nptsim

install: all
	install -D $(BUILD)/nptsim $(DESTDIR)$(PREFIX)/bin/nptsim
	mkdir -p $(DESTDIR)$(PREFIX)/share/nptsim
	cp -r models scenarios schema $(DESTDIR)$(PREFIX)/share/nptsim
clean:
	rm -rf $(BUILD)
help:
	@echo "make            build $(BUILD)/nptsim"
	@echo "make demo       all set-up, then the seed's question answered"
	@echo "make check      all set-up, then every test"
	@echo "make check-long is the oracle awake? then a billion random walks"
	@echo "make differential  QEMU's SVM asked the same questions"
	@echo "make kernel-policy KDIR=TREE  a Linux tree's own policy, for --text"
	@echo "make kernel-differential  Debian's kernel text against our model of it"
	@echo "make unit       unit tests only, with sanitizers"
	@echo "make bench      measured figures, one per line, tab-separated"
	@echo "make lint       parse and check every scenario"
	@echo "make fmt        format all C files"
	@echo "make schema     write schema/scenario-v1.json anew"
	@echo "make install    to PREFIX=$(PREFIX)"
	@echo "make clean      remove $(BUILD)"

-include $(SRC:%.c=$(OPT)/%.d) $(SRC:%.c=$(ASAN)/%.d) $(UNIT:%.c=$(ASAN)/%.d)
-include $(BENCH:%.c=$(OPT)/%.d)
-include $(JUDGE:%.c=$(ASAN)/%.d) $(ASAN)/tests/oracle/main.d
-include $(COMPARE:.o=.d)
-include $(wildcard $(ASAN)/tests/differential/*.d $(DIFF)/guest/*.d \
    $(DIFF)/guest32/*.d)
