/* Log lines: quoting, cutting, JSON, and the gate that keeps strangers from flooding. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"

/* What `speak` writes to stderr. */
static const char *heard(void (*speak)(void))
{
    static char text[8192];
    int pipes[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], STDERR_FILENO);
    speak();
    dup2(saved, STDERR_FILENO);
    close(pipes[1]);
    close(saved);
    size_t have = 0;
    ssize_t got;
    while ((got = read(pipes[0], text + have, sizeof(text) - 1 - have)) > 0)
        have += (size_t)got;
    close(pipes[0]);
    text[have] = '\0';
    return text;
}

static void speak_plain(void)
{
    char quoted[LOG_QUOTED_MAX];
    LOG_INFO(NET, "event=refused path=%s", log_quote(jf_str("/a \"b\"\n"), quoted));
    LOG_DEBUG(NET, "event=unheard");
}

static void a_line_is_logfmt(void **state)
{
    (void)state;
    log_setup(JF_INFO, false);
    const char *line = heard(speak_plain);
    assert_non_null(
        strstr(line, "Z level=info area=net event=refused path=\"/a \\\"b\\\"\\x0a\"\n"));
    assert_null(strstr(line, "unheard"));
}

static void a_line_can_be_json(void **state)
{
    (void)state;
    log_setup(JF_INFO, true);
    const char *line = heard(speak_plain);
    log_setup(JF_INFO, false);
    assert_true(line[0] == '{');
    assert_non_null(strstr(line,
                           "\"level\":\"info\",\"area\":\"net\",\"event\":\"refused\","
                           "\"path\":\"/a \\\"b\\\"\\u000a\"}\n"));
}

static void quoting_leaves_plain_words_alone(void **state)
{
    (void)state;
    char out[LOG_QUOTED_MAX];
    assert_string_equal(log_quote(jf_str("$connect"), out), "$connect");
    assert_string_equal(log_quote(jf_str(""), out), "\"\"");
    assert_string_equal(log_quote(jf_view("\0\xff", 2), out), "\"\\x00\\xff\"");
}

static void quoting_cuts_what_is_too_long(void **state)
{
    (void)state;
    char out[LOG_QUOTED_MAX], long_text[4 * LOG_QUOTED_MAX];
    const char fills[] = { 'a', '\n', '"' };
    for (size_t i = 0; i < sizeof(fills); i++) {
        memset(long_text, fills[i], sizeof(long_text));
        log_quote(jf_view(long_text, sizeof(long_text)), out);
        assert_true(strlen(out) < LOG_QUOTED_MAX);
        assert_string_equal(out + strlen(out) - 4, "...\"");
    }
}

static void speak_too_long(void)
{
    static char text[2 * LOG_LINE_MAX];
    memset(text, 'x', sizeof(text) - 1);
    LOG_WARN(MAIN, "event=long text=%s", text);
}

static void a_long_line_is_cut_and_still_a_line(void **state)
{
    (void)state;
    log_setup(JF_INFO, false);
    const char *line = heard(speak_too_long);
    size_t len = strlen(line);
    assert_true(len <= LOG_LINE_MAX);
    assert_true(line[len - 1] == '\n');
    log_setup(JF_INFO, true);
    line = heard(speak_too_long);
    log_setup(JF_INFO, false);
    assert_string_equal(line + strlen(line) - 3, "\"}\n");
}

static void the_gate_opens_once(void **state)
{
    (void)state;
    static struct log_gate gate;
    uint64_t held;
    assert_true(log_gate_open(&gate, 60, &held));
    assert_int_equal(held, 0);
    assert_false(log_gate_open(&gate, 60, &held));
    assert_false(log_gate_open(&gate, 60, &held));
    assert_int_equal(gate.held, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_logfmt),
        cmocka_unit_test(a_line_can_be_json),
        cmocka_unit_test(quoting_leaves_plain_words_alone),
        cmocka_unit_test(quoting_cuts_what_is_too_long),
        cmocka_unit_test(a_long_line_is_cut_and_still_a_line),
        cmocka_unit_test(the_gate_opens_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
