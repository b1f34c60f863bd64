/* Which files may be given to the loader. The whole one is this very program. */
#include "tests/unit/test.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parse/elf_file.h"

static char *program;
static size_t program_len;

static int read_program(void **state)
{
    (void)state;
    FILE *from = fopen("/proc/self/exe", "rb");
    assert_non_null(from);
    program = malloc(64u << 20);
    assert_non_null(program);
    program_len = fread(program, 1, 64u << 20, from);
    fclose(from);
    return 0;
}

static int forget_program(void **state)
{
    (void)state;
    free(program);
    return 0;
}

static const char *problem_of(size_t len)
{
    return elf_file_problem(jf_view(program, len));
}

static void a_whole_file_has_no_problem(void **state)
{
    (void)state;
    assert_null(problem_of(program_len));
}

static void a_file_that_is_cut_is_not_complete(void **state)
{
    (void)state;
    assert_string_equal(problem_of(0), "it is empty");
    for (size_t len = 4; len < program_len; len += program_len / 200 + 1)
        assert_non_null(strstr(problem_of(len), "not complete"));
    assert_non_null(problem_of(program_len - 1));
}

static void a_file_that_is_something_else_is_no_shared_object(void **state)
{
    (void)state;
    assert_non_null(
        strstr(elf_file_problem(jf_str("not a library\n")), "no shared object"));
    assert_non_null(strstr(elf_file_problem(jf_str("x")), "no shared object"));
}

/* The header with one thing changed. */
static const char *problem_with(size_t at, const void *value, size_t len)
{
    char was[8];
    memcpy(was, program + at, len);
    memcpy(program + at, value, len);
    const char *problem = problem_of(program_len);
    memcpy(program + at, was, len);
    return problem;
}

static void another_machines_is_told_apart(void **state)
{
    (void)state;
    unsigned short machine = EM_S390;
    unsigned char class = 7;
    assert_non_null(strstr(problem_with(offsetof(Elf64_Ehdr, e_machine), &machine, 2),
                           "another kind of machine"));
    assert_non_null(strstr(problem_with(EI_CLASS, &class, 1), "another kind of machine"));
}

static void numbers_beyond_the_file_stay_harmless(void **state)
{
    (void)state;
    unsigned long long huge = ~0ull, near = ~0ull - 100;
    unsigned short many = 0xffff, none = 0;
    assert_non_null(problem_with(offsetof(Elf64_Ehdr, e_phoff), &huge, 8));
    assert_non_null(problem_with(offsetof(Elf64_Ehdr, e_phoff), &near, 8));
    assert_non_null(problem_with(offsetof(Elf64_Ehdr, e_shoff), &huge, 8));
    assert_non_null(problem_with(offsetof(Elf64_Ehdr, e_phnum), &none, 2));
    assert_non_null(problem_with(offsetof(Elf64_Ehdr, e_shnum), &many, 2));
    assert_non_null(problem_with(offsetof(Elf64_Ehdr, e_phentsize), &none, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_has_no_problem),
        cmocka_unit_test(a_file_that_is_cut_is_not_complete),
        cmocka_unit_test(a_file_that_is_something_else_is_no_shared_object),
        cmocka_unit_test(another_machines_is_told_apart),
        cmocka_unit_test(numbers_beyond_the_file_stay_harmless),
    };
    return cmocka_run_group_tests(tests, read_program, forget_program);
}
