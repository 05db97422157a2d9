// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// What the C library does with files: streams, temporary files, locale, sorting, printf.
// flags: -lm

#include "check.h"

#include <math.h>

int main(void) {
  scratch_enter();
  FILE *file = fopen("table", "w+");
  for (int index = 0; index < 5000; index++) fprintf(file, "%d %.3f %s\n", index, index / 7.0, "row");
  check_equal(fseek(file, 0, SEEK_SET), 0, "fseek to the start");
  int number, rows = 0;
  double value, sum = 0;
  char word[16];
  while (fscanf(file, "%d %lf %15s", &number, &value, word) == 3) {
    rows++;
    sum += value;
  }
  check_equal(rows, 5000, "all rows come back");
  printf("sum %.3f\n", sum);
  check(feof(file) && !ferror(file), "then the end");
  rewind(file);
  check_equal(fgetc(file), '0', "rewind");
  ungetc('X', file);
  check_equal(fgetc(file), 'X', "ungetc");
  check_equal(fclose(file), 0, "fclose");
  file = fopen("table", "a");
  fputs("last\n", file);
  fclose(file);
  file = fopen("table", "r");
  check_equal(fputs("x", file), EOF, "writing a read stream fails");
  fseek(file, -5, SEEK_END);
  char line[32];
  check(fgets(line, sizeof line, file) && strcmp(line, "last\n") == 0, "append went to the end");
  fclose(file);
  check(fopen("missing", "r") == NULL && errno == ENOENT, "fopen of nothing fails");
  FILE *temporary = tmpfile();
  check(temporary && fputs("temporary", temporary) > 0 && fflush(temporary) == 0, "tmpfile");
  char name[] = "nameXXXXXX";
  int made = mkstemp(name);
  check(made >= 0 && access(name, F_OK) == 0, "mkstemp");
  char *text;
  size_t size;
  FILE *memory = open_memstream(&text, &size);
  fprintf(memory, "%5d|%-5s|%05x|%e|%g|%%", -42, "ab", 255, 12345.678, 0.0001);
  fclose(memory);
  puts(text);
  free(text);
  printf("%.10f %.10f %.10f %a\n", sqrt(2), sin(1), pow(2, 0.5), 0.1);
  printf("%s %s %.1f\n", strerror(ENOENT), strsignal(SIGSEGV), strtod("1e308", NULL) * 1e-308);
  setvbuf(stdout, NULL, _IOLBF, 1024);
  printf("%ls %lc\n", L"wide", L'c');
  return finish();
}
