// SPDX-License-Identifier: BSD-3-Clause
//
// A plugin of QEMU that counts the guest's instructions, all of them and only them: a halted
// processor counts nothing. The count is the first eight bytes of a file that others read while
// the guest runs: -plugin instructions.so,count=PATH,after=ADDRESS
//
// Code that ran before the first instruction at ADDRESS or above does not count: the firmware, when
// that is where the kernel is.
//
// Declared here is what we use of QEMU's plugin interface, version 1; Debian ships no header.

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct qemu_plugin_tb;
struct qemu_info_t;
typedef uint64_t qemu_plugin_id_t;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(
  qemu_plugin_id_t id, void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_inline(
  struct qemu_plugin_tb *block, enum qemu_plugin_op operation, void *place, uint64_t amount);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t *executed;
static uint64_t after;
static int has_begun;

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  if (!has_begun && qemu_plugin_tb_vaddr(block) < after) return;
  has_begun = 1;
  qemu_plugin_register_vcpu_tb_exec_inline(
    block, QEMU_PLUGIN_INLINE_ADD_U64, executed, qemu_plugin_tb_n_insns(block));
}

__attribute__((visibility("default"))) int qemu_plugin_install(
  qemu_plugin_id_t id, const struct qemu_info_t *info, int count, char **words) {
  (void)info;
  if (count != 2 || strncmp(words[0], "count=", 6) != 0 || strncmp(words[1], "after=", 6) != 0) {
    fprintf(stderr, "instructions.so takes count=PATH,after=ADDRESS\n");
    return 1;
  }
  after = strtoull(words[1] + 6, NULL, 0);
  int file = open(words[0] + 6, O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof *executed) != 0) {
    perror(words[0] + 6);
    return 1;
  }
  void *place = mmap(NULL, sizeof *executed, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (place == MAP_FAILED) return 1;
  executed = place;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
