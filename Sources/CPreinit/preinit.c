// Refuses an address space (`ulimit -v`) in which OpenBLAS could not be loaded.
//
// OpenBLAS starts its threads while it is loaded, before main, each with a buffer of 128 MiB. Without
// room for these it asks for them for ever, and no signal but KILL ends it (OpenBLAS issue 5289). Only
// functions in .preinit_array run earlier. They may use system calls and little else.
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

// A thread's buffer and its stack.
static const size_t per_thread = (128 + 8) << 20;

// OpenBLAS's threads: what the environment asks for, at most the processors that it may use.
static size_t thread_count(char **environment) {
  static const char *names[] = {"OPENBLAS_NUM_THREADS=", "GOTO_NUM_THREADS=", "OMP_NUM_THREADS="};
  cpu_set_t set;
  CPU_ZERO(&set);
  int usable = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  for (int i = 0; i < 3; i++)
    for (char **variable = environment; *variable; variable++) {
      size_t length = strlen(names[i]);
      if (strncmp(*variable, names[i], length) != 0) continue;
      int asked = atoi(*variable + length);
      if (asked > 0) return asked < usable ? asked : usable;
    }
  return usable;
}

static void check_address_space(int argc, char **argv, char **environment) {
  static const char message[] =
      "prerl: the limit on the address space (ulimit -v) is too small for OpenBLAS's threads "
      "(expected a larger one, or OPENBLAS_NUM_THREADS=1)\n";
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  // The calling thread takes its buffer later.
  size_t size = (thread_count(environment) - 1) * per_thread + (16 << 20);
  void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) {
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    _exit(3);
  }
  munmap(place, size);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) =
    check_address_space;
