# The project's commands. They work from a clean clone on a Debian machine with git, make and a Rust
# toolchain; what else they need they install as root, or name and stop.

PREFIX  ?= /usr/local
LIBDIR  ?= lib
DESTDIR ?=
CC      ?= cc
# Cargo takes its job count from the machine, not from make's job server.
CARGO   := env -u MAKEFLAGS -u MFLAGS cargo
CMAKE   := env -u MAKEFLAGS -u MFLAGS cmake
TOOL    := target/debug/nertc-callkit
JOBS    := $(shell nproc)

.PHONY: help demo demo-mqtt phone test test-brokers sim model faults bench load fuzz abi
.PHONY: abi-accept install header diagram picture scenarios lint setup clean sanitize coverage mutants

help:
	@echo 'make demo      two accounts call each other; every event, what was heard as WAV, a trace, a picture'
	@echo 'make demo-mqtt three processes call each other through a local Mosquitto, over TLS'
	@echo 'make phone     build/phone: calls through an MQTT broker from the command line'
	@echo 'make test      every test: Rust, C and C++, installed consumers'
	@echo 'make test-brokers  calls through Mosquitto and NATS, with the long tests (some minutes)'
	@echo 'make sim       SEEDS=2000 SEED0=1: random worlds over the engine; with stations over a broker'
	@echo 'make model     exhaustive search of small worlds over the engine (some minutes)'
	@echo 'make fuzz      TARGET=wire|engine|station|c_api|trace FUZZ_SECONDS=600: fuzzes each target, or one, that long'
	@echo 'make faults    plants faults into a copy of the engine; the random worlds and the search must find each'
	@echo 'make bench     measures, prints a table, writes target/bench/results.json; QUICK=1: every row, in seconds'
	@echo 'make load      DEVICES=5000 SECONDS=20 AT_ONCE=32: devices of one process call each other over a Mosquitto'
	@echo 'make sanitize  C tests under ASan, UBSan, TSan and valgrind; scripts/sanitize tsan: one of them'
	@echo 'make coverage  lines that the tests run; red if the engine has less than 95 %'
	@echo 'make mutants   changes one thing of the engine at a time; the fast tests must notice (an hour or more)'
	@echo 'make abi       is the C interface what it was? make abi-accept: the new one is meant (docs/ABI.md)'
	@echo 'make install   PREFIX=$(PREFIX): header, libraries, pkg-config file, CMake package'
	@echo 'make header    writes include/nertc_callkit.h from the code'
	@echo 'make diagram   draws docs/states.svg from the code'
	@echo 'make scenarios writes docs/SCENARIOS.md from the tests'
	@echo 'make picture   draws docs/call.svg from a run of the demo'
	@echo 'make lint      format, lints, documentation'
	@echo 'make setup     installs (as root) or names what the other commands need'
	@echo 'make clean     removes what was built'

demo:
	scripts/setup cargo cc
	$(CARGO) build --quiet --lib --package nertc_callkit
	$(CARGO) build --quiet --package nertc_callkit_tool
	mkdir -p build
	$(CC) -std=c99 -Iinclude examples-c/demo.c -Ltarget/debug -lnertc_callkit -lm -pthread \
	  -Wl,-rpath,$(CURDIR)/target/debug -o build/demo
	rm -f build/demo.trace
	build/demo build/demo.wav - build/demo.trace
	$(TOOL) diagram build/demo.trace -o build/demo.svg
	@echo 'demo: what happened inside is in build/demo.trace, a picture of it in build/demo.svg'
	@echo 'demo: in words: target/debug/nertc-callkit explain build/demo.trace'

demo-mqtt: phone
	scripts/setup mosquitto openssl
	scripts/demo-mqtt

phone:
	scripts/setup cargo cc
	$(CARGO) build --quiet --lib --package nertc_callkit
	mkdir -p build
	$(CC) -std=c99 -Iinclude examples-c/phone.c -Ltarget/debug -lnertc_callkit -pthread \
	  -Wl,-rpath,$(CURDIR)/target/debug -o build/phone

test: setup
	$(CARGO) test --workspace --no-fail-fast
	$(CARGO) test --profile search --test model --test stations -- --nocapture
	$(MAKE) faults
	$(CMAKE) -S . -B build/test -DNERTC_CALLKIT_PROFILE=dev
	$(CMAKE) --build build/test --parallel $(JOBS)
	ctest --test-dir build/test --output-on-failure --parallel $(JOBS)

test-brokers:
	scripts/setup cargo cc mosquitto mosquitto_pub nats-server openssl faketime
	$(CARGO) test --test brokers -- --include-ignored

SEEDS ?= 2000
SEED0 ?= 1
sim:
	SIM_SEEDS=$(SEEDS) SIM_SEED0=$(SEED0) $(CARGO) test --profile search --test sim -- --nocapture

model:
	$(CARGO) test --profile search --test model --test stations -- --nocapture

faults:
	$(CARGO) test --test faults -- --include-ignored --nocapture

FUZZ_SECONDS ?= 600
fuzz:
	scripts/setup cargo cc c++
	FUZZ_SECONDS=$(FUZZ_SECONDS) env -u MAKEFLAGS -u MFLAGS scripts/fuzz $(TARGET)

bench:
	scripts/setup cargo cc valgrind mosquitto
	QUICK=$(QUICK) scripts/bench

DEVICES ?= 5000
SECONDS ?= 20
AT_ONCE ?= 32
load:
	scripts/setup cargo cc mosquitto
	scripts/bench load $(DEVICES) $(SECONDS) $(AT_ONCE)

sanitize:
	scripts/sanitize

coverage:
	scripts/coverage

abi:
	scripts/abi check

abi-accept:
	scripts/abi accept

install:
	scripts/setup cargo cc cmake
	rm -f build/install/CMakeCache.txt # else it would remember folders of another PREFIX
	$(CMAKE) -S . -B build/install -DNERTC_CALLKIT_PROFILE=release -DBUILD_TESTING=OFF \
	  -DCMAKE_INSTALL_PREFIX=$(PREFIX) -DCMAKE_INSTALL_LIBDIR=$(LIBDIR)
	$(CMAKE) --build build/install
	DESTDIR=$(DESTDIR) $(CMAKE) --install build/install

header:
	NERTC_CALLKIT_WRITE_HEADER=1 $(CARGO) test --quiet --test header header_says

picture: demo
	cp build/demo.svg docs/call.svg

diagram:
	NERTC_CALLKIT_WRITE_DIAGRAM=1 $(CARGO) test --quiet --test diagram

scenarios:
	NERTC_CALLKIT_WRITE_SCENARIOS=1 $(CARGO) test --quiet --test scenarios catalogue

mutants:
	scripts/setup cargo
	scripts/mutants

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps

setup:
	scripts/setup cargo cc c++ clang cmake pkg-config valgrind abidw mosquitto mosquitto_pub nats-server openssl faketime

clean:
	$(CARGO) clean
	rm -rf build
