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
LIBS := -lZydis -lyaml -ljansson -lpthread

SRC := $(sort $(wildcard sim/*/*.c sim/*/*/*.c))
CLI := $(filter sim/cli/%,$(SRC))
LIB := $(filter-out sim/cli/%,$(SRC))
UNIT := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(UNIT))

.SECONDARY:
OPT := $(BUILD)/opt
ASAN := $(BUILD)/asan

.PHONY: all deps demo check check-fast unit cli-tests layers fmt fmt-check lint \
        bench clean help install schema
all: $(BUILD)/nptsim

# Two builds of the same sources: optimised, and with sanitizers for tests.
$(OPT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(WARN) -O2 -g -Iinclude -Isim -MMD -MP $(CFLAGS) -c $< -o $@
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
unit: $(UNIT_NAMES:%=$(ASAN)/unit/%)
	@tests/unit.sh $^

-include $(SRC:%.c=$(OPT)/%.d) $(SRC:%.c=$(ASAN)/%.d) $(UNIT:%.c=$(ASAN)/%.d)
