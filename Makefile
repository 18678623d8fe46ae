# A thin front for those who work on Offhook; meson does the work.
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	tools/setup build
	meson setup $(BUILD) --prefix=$(PREFIX)

test:
	./test

# Ratios of speed and memory in one run (doc/bench.md), optimised, in $(BUILD)-bench.
bench:
	bench/run $(BUILD)

# Fresh seeds of the deterministic simulator until one fails or SECONDS (default 600) are over.
soak:
	sim/soak $(or $(SECONDS),600)

fuzz:
	tests/fuzz/run $(or $(SECONDS),60)

install: all
	meson configure $(BUILD) --prefix=$(PREFIX)
	DESTDIR=$(DESTDIR) meson install -C $(BUILD)

deb:
	tools/setup package
	dpkg-buildpackage -us -uc -b

clean:
	rm -rf build build-*

.PHONY: all test bench soak fuzz install deb clean
