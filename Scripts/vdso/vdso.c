// SPDX-License-Identifier: BSD-3-Clause

// The shared object that the kernel lends to programs: it tells the time without a system call
// (vdso(7)). `Scripts/make-vdso` compiles it; the result is committed as a Swift file.
//
// It needs no relocation, no writable memory and no other object. It runs as part of the program:
// on the program's stack, with whatever registers the C calling convention gives it.

typedef unsigned int u32;
typedef unsigned long u64;
typedef long s64;

// What the kernel writes into the page before the code (LinuxVDSO/ClockPage.swift).
struct clock_page {
  // Changes with every change of the rest. The kernel never stops between two of its writes while
  // a program runs, so that a reader needs to look only whether it was itself interrupted.
  u64 sequence;
  u64 cycles_at_anchor;
  u64 nanoseconds_at_anchor;
  // Nanoseconds for each cycle, in units of 2^-32.
  u64 multiplier;
  // What to add for wall time.
  s64 wall_offset;
};

struct timespec { s64 seconds, nanoseconds; };
struct timeval { s64 seconds, microseconds; };
struct timezone { int minutes_west, daylight; };

enum {
  CLOCK_REALTIME = 0,
  CLOCK_MONOTONIC = 1,
  CLOCK_MONOTONIC_RAW = 4,
  CLOCK_REALTIME_COARSE = 5,
  CLOCK_MONOTONIC_COARSE = 6,
  CLOCK_BOOTTIME = 7,
  CLOCK_TAI = 11,
  CALL_CLOCK_GETTIME = 228,
  CALL_CLOCK_GETRES = 229,
};

#define BIT(clock) (1u << (clock))
#define WALL_CLOCKS (BIT(CLOCK_REALTIME) | BIT(CLOCK_REALTIME_COARSE) | BIT(CLOCK_TAI))
#define KNOWN_CLOCKS                                                                      \
  (WALL_CLOCKS | BIT(CLOCK_MONOTONIC) | BIT(CLOCK_MONOTONIC_RAW) | BIT(CLOCK_MONOTONIC_COARSE) \
   | BIT(CLOCK_BOOTTIME))

#define EXPORT __attribute__((visibility("default"), used))
#define ALIAS(name) __attribute__((weak, visibility("default"), alias(name)))

// The file begins with its ELF header; the kernel puts the clock page right before it.
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static inline const volatile struct clock_page *clock_page(void) {
  return (const volatile struct clock_page *)(__ehdr_start - 4096);
}

static inline u64 read_cycles(void) {
  u32 low, high;
  // The fence keeps the processor from reading the counter early, among older instructions
  // (SDM 2B, RDTSC).
  __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (u64)high << 32 | low;
}

static inline long system_call(long number, long first, void *second) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second)
                   : "rcx", "r11", "memory");
  return result;
}

// The same computation as ClockScale.nanoseconds(at:).
static inline u64 read_clock(int is_wall) {
  const volatile struct clock_page *page = clock_page();
  u64 sequence, result;
  do {
    sequence = page->sequence;
    u64 anchor = page->cycles_at_anchor;
    u64 cycles = read_cycles();
    u64 elapsed = cycles > anchor ? cycles - anchor : 0;
    result = (u64)(((unsigned __int128)elapsed * page->multiplier) >> 32);
    result += page->nanoseconds_at_anchor;
    if (is_wall) result += (u64)page->wall_offset;
  } while (page->sequence != sequence);
  return result;
}

EXPORT int __vdso_clock_gettime(int clock, struct timespec *time) {
  if ((u32)clock > 31 || !(BIT(clock) & KNOWN_CLOCKS)) {
    return (int)system_call(CALL_CLOCK_GETTIME, clock, time);
  }
  u64 nanoseconds = read_clock((BIT(clock) & WALL_CLOCKS) != 0);
  u64 seconds = nanoseconds / 1000000000;
  time->seconds = (s64)seconds;
  time->nanoseconds = (s64)(nanoseconds - seconds * 1000000000);
  return 0;
}

EXPORT int __vdso_gettimeofday(struct timeval *time, struct timezone *zone) {
  if (time) {
    u64 microseconds = read_clock(1) / 1000;
    u64 seconds = microseconds / 1000000;
    time->seconds = (s64)seconds;
    time->microseconds = (s64)(microseconds - seconds * 1000000);
  }
  if (zone) {
    zone->minutes_west = 0;
    zone->daylight = 0;
  }
  return 0;
}

EXPORT s64 __vdso_time(s64 *time) {
  s64 seconds = (s64)(read_clock(1) / 1000000000);
  if (time) *time = seconds;
  return seconds;
}

EXPORT int __vdso_clock_getres(int clock, struct timespec *resolution) {
  if ((u32)clock > 31 || !(BIT(clock) & KNOWN_CLOCKS)) {
    return (int)system_call(CALL_CLOCK_GETRES, clock, resolution);
  }
  if (resolution) {
    resolution->seconds = 0;
    resolution->nanoseconds = 1;
  }
  return 0;
}

// There is one processor.
EXPORT int __vdso_getcpu(u32 *processor, u32 *node, void *unused) {
  (void)unused;
  if (processor) *processor = 0;
  if (node) *node = 0;
  return 0;
}

ALIAS("__vdso_clock_gettime") int clock_gettime(int clock, struct timespec *time);
ALIAS("__vdso_gettimeofday") int gettimeofday(struct timeval *time, struct timezone *zone);
ALIAS("__vdso_time") s64 time(s64 *time);
ALIAS("__vdso_clock_getres") int clock_getres(int clock, struct timespec *resolution);
ALIAS("__vdso_getcpu") int getcpu(u32 *processor, u32 *node, void *unused);

// glibc asks this note for the version of the kernel before it asks uname(2): 6.1.0, as uname
// says.
__attribute__((section(".note.Linux"), used, aligned(4))) static const struct {
  u32 name_count, description_count, type;
  char name[8];
  u32 version;
} note = {6, 4, 0, "Linux", 6 << 16 | 1 << 8};
