# SPDX-License-Identifier: BSD-3-Clause
# Each target is one call of ./martlet. APP chooses the application: make run APP=lua

APP ?= sqlite3
ARGS ?=

.PHONY: all menuconfig run test lint bench inspect doctor clean

all:
	./martlet build $(APP) -o .build/images

menuconfig:
	./martlet menuconfig

run:
	./martlet run $(APP) $(if $(ARGS),-- $(ARGS))

test:
	./martlet test

lint:
	./martlet lint

bench:
	./martlet bench

inspect:
	./martlet inspect $(APP)

doctor:
	./martlet doctor

clean:
	rm -rf .build
