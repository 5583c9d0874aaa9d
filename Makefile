# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The short way in; CMake does the work (CMakePresets.json has the configurations). Every target first installs
# what is missing on a Debian machine, or says what to install: tools/setup.sh.
BUILD ?= build
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PREFIX ?= /usr/local
DESTDIR ?=
CMAKE_FLAGS ?=

# CMake runs make again: no need to tell of each folder that it enters.
MAKEFLAGS += --no-print-directory
configure = cmake --preset release -B $(BUILD) $(CMAKE_FLAGS)

.PHONY: all setup demo test bench bench-jit bench-maps fuzz fuzz-engines asan amalgamation cross install clean help

all:
	@tools/setup.sh build
	@$(configure) >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)

help:
	@echo 'make                build/skep and the libraries'
	@echo 'make demo           run a packet filter written in C over a capture'
	@echo 'make test           build and run all tests'
	@echo 'make setup          install everything that any target here needs (Debian)'
	@echo 'make asan           the tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make bench          benchmarks, beside the interpreter of DPDK'
	@echo 'make bench-jit      machine code, beside native code, the running kernel and DPDK; build/bench-jit.svg'
	@echo 'make bench-maps     operations on maps inside of programs, beside the running kernel, 1 to N threads'
	@echo 'make fuzz           each fuzz target for SECONDS (default 60)'
	@echo 'make fuzz-engines   interpreter and machine code on PROGRAMS random programs (5000000), from SEED (1)'
	@echo 'make cross          other architectures, under qemu-user'
	@echo 'make amalgamation   build/amalgamation/skep.c and skep.h, and a table of sizes'
	@echo 'make install        into $$(DESTDIR)$$(PREFIX), default /usr/local'
	@echo 'make clean          remove the build folders'
	@echo 'Variables: BUILD (build), JOBS ($(JOBS)), CMAKE_FLAGS (e.g. -DSKEP_WERROR=ON), CC'

setup:
	@tools/setup.sh ci bench

demo:
	@tools/setup.sh demo
	@$(configure) >/dev/null
	@cmake --build $(BUILD) -j $(JOBS) --target skep_tool
	@tools/demo.sh $(BUILD)

test:
	@tools/setup.sh test
	@$(MAKE) all
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

asan:
	@tools/setup.sh test
	@cmake --preset asan $(CMAKE_FLAGS) >/dev/null
	@cmake --build build-asan -j $(JOBS)
	@ctest --test-dir build-asan --output-on-failure -j $(JOBS)

bench:
	@tools/setup.sh bench
	@$(configure) -DSKEP_BENCH=ON >/dev/null
	@cmake --build $(BUILD) -j $(JOBS) --target bench

bench-jit:
	@tools/setup.sh bench
	@$(configure) -DSKEP_BENCH=ON >/dev/null
	@cmake --build $(BUILD) -j $(JOBS) --target bench-jit

bench-maps:
	@tools/setup.sh bench
	@$(configure) -DSKEP_BENCH=ON >/dev/null
	@cmake --build $(BUILD) -j $(JOBS) --target bench-maps

fuzz:
	@tools/setup.sh fuzz
	@tools/fuzz.sh $(or $(SECONDS),60)

fuzz-engines:
	@tools/setup.sh test
	@$(configure) >/dev/null
	@cmake --build $(BUILD) -j $(JOBS) --target engines
	@$(BUILD)/tests/engines --programs $(or $(PROGRAMS),5000000) --first $(or $(SEED),1)

amalgamation:
	@tools/setup.sh test
	@tools/amalgamate.py --out $(BUILD)/amalgamation --sizes

cross:
	@tools/setup.sh cross
	@tools/cross.sh $(BUILD)/cross

install:
	@tools/setup.sh build
	@$(configure) -DCMAKE_INSTALL_PREFIX='$(PREFIX)' >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)
	@DESTDIR='$(DESTDIR)' cmake --install $(BUILD)

clean:
	rm -rf build build-debug build-asan build-freestanding build-fuzz
