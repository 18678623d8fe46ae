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

# Ratios of speed and memory in one run, optimised, in $(BUILD)-bench.
bench:
	bench/run $(BUILD)

# Fresh seeds of the deterministic simulator until one fails or SECONDS (default 600) are over.
soak:
	sim/soak $(or $(SECONDS),600)

fuzz:
	tests/fuzz/run $(or $(SECONDS),60)

# Its own build: optimised, without tests and sanitizers. DESTDIR and PREFIX as everywhere; /etc is left alone.
install:
	tools/setup build
	[ -f $(BUILD)-install/build.ninja ] || meson setup $(BUILD)-install -Dtests=false -Dbuildtype=release -Ddebug=true
	meson configure $(BUILD)-install --prefix=$(PREFIX)
	ninja -C $(BUILD)-install
	DESTDIR=$(DESTDIR) meson install --no-rebuild -C $(BUILD)-install

# The packages end up beside this folder, as with every Debian package.
deb:
	tools/setup package
	dpkg-buildpackage -us -uc -b

clean:
	rm -rf build build-*

.PHONY: all test bench soak fuzz install deb clean
