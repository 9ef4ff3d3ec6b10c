# SPDX-License-Identifier: LGPL-2.1-or-later
# The front door; the build itself is CMake (CMakePresets.json).
#   make build     the programs, in build/release
#   make demo      what they do, shown on this machine
#   make deb       the Debian package of them, in build/release/deb
#   make check     every test, both builds;  make bench | fuzz | tidy | format
SHELL := /bin/bash
FUZZ_SECONDS ?= 30
JOBS ?= $(shell nproc)
export FUZZ_SECONDS JOBS

.PHONY: all deps check-deps build deb demo check bench fuzz tidy format clean
all: build

deps:
	@tools/deps build

check-deps:
	@tools/deps build deb check

build: deps
	@test/run build release --programs

deb: build
	@tools/deps deb
	@packaging/make-deb build/release

demo: build
	@if [ -x tools/demo ]; then tools/demo; \
	elif [ -x build/release/harden ]; then build/release/harden score --root /; \
	else echo "demo: there is no program to show yet"; fi

check: check-deps
	@test/run check

bench: check-deps
	@test/run bench

fuzz: check-deps
	@test/run fuzz

tidy: check-deps
	@test/run configure release
	@tools/tidy

format: check-deps
	@git ls-files --cached --others --exclude-standard -- 'src/**.cc' 'src/**.h' 'test/**.cc' 'test/**.h' \
	  | xargs -r clang-format-19 -i

clean:
	rm -rf build
