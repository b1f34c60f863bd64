/* Describes the options to people: columns for a terminal of 80, Markdown for the manual.
 * What stands here by hand is what the table cannot say: the frame around it. */
#include <string.h>

#include "core/parse/config.h"
#include "core/parse/config_table.h"

#define TERMINAL_WIDTH 80
#define VALUES_WIDTH 38
#define INDENT 6
#define FIXED " *Decided at the start; a reload cannot change it.*"

/* Sections in the order they are told. */
static const struct {
    const char *section, *title;
} chapters[] = {
    { "", "top level" },
    { "listen", "listen" },
    { "tls", "tls" },
    { "log", "log" },
    { "store", "store" },
    { "management", "management" },
    { "reload", "reload" },
    { "lua", "lua" },
    { "limits", "limits" },
    { CONFIG_IN_STAGE, CONFIG_IN_STAGE },
    { CONFIG_IN_STAGE_LIMITS, CONFIG_IN_STAGE_LIMITS },
    { CONFIG_IN_PLUGIN, CONFIG_IN_PLUGIN },
    { CONFIG_IN_USAGE_PLAN, CONFIG_IN_USAGE_PLAN },
    { CONFIG_IN_API_KEY, CONFIG_IN_API_KEY },
};
#define CHAPTERS (sizeof(chapters) / sizeof(chapters[0]))

static const char example[] =
    "{\n"
    "  // A chat room for this machine and its neighbours.\n"
    "  \"listen\": { \"host\": \"0.0.0.0\", \"port\": 8080 },\n"
    "  \"limits\": { \"message_bytes\": 16384, \"idle_s\": 900 },\n"
    "  \"static\": { \"/\": \"web\" },\n"
    "  \"stages\": {\n"
    "    \"prod\": {\n"
    "      \"route\": \"$request.body.action\",\n"
    "      \"plugins\": [\n"
    "        { \"file\": \"chat.so\", \"options\": { \"prefix\": "
    "\"Echo: \" } },\n"
    "        { \"file\": \"greet.so\", \"routes\": { \"hello\": "
    "\"greet\" } }\n"
    "      ]\n"
    "    }\n"
    "  }\n"
    "}\n";

static void print_wrapped(FILE *to, const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (!column || column + 1 + len > TERMINAL_WIDTH) {
            fprintf(to, "%s%*s", column ? "\n" : "", INDENT, "");
            column = INDENT;
        } else {
            fputc(' ', to);
            column++;
        }
        fprintf(to, "%.*s", (int)len, text);
        column += len;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', to);
}

static void print_option(FILE *to, const struct config_option *option)
{
    char preset[64], aws[64], values[128];
    config_option_default(option, PROFILE_JACKFIELD, preset);
    config_option_default(option, PROFILE_AWS, aws);
    config_option_values(option, values);
    bool fits = strlen(values) <= VALUES_WIDTH;
    fprintf(to, "  %-16s %-22s %s\n", option->name, *preset ? preset : "-",
            fits ? values : "one of:");
    if (!fits)
        print_wrapped(to, values);
    print_wrapped(to, option->sentence);
    if (config_option_is_fixed(option))
        fprintf(to, "%*sDecided at the start.\n", INDENT, "");
    if (strcmp(preset, aws) != 0 && strcmp(option->name, "profile") != 0)
        fprintf(to, "%*sWith the aws profile: %s.\n", INDENT, "", aws);
}

void config_print_help(FILE *to)
{
    fputs("The configuration is JSON; // and /* */ comments may stand anywhere. Unknown\n"
          "keys are errors. Relative file names are relative to its folder. The smallest\n"
          "one is { \"plugins\": [ \"echo.so\" ] }; a larger one:\n\n",
          to);
    fputs(example, to);
    fprintf(to, "\n  %-16s %-22s %s\n", "KEY", "DEFAULT", "VALUES");
    for (size_t c = 0; c < CHAPTERS; c++) {
        const struct config_option *self = config_option_find("", chapters[c].section);
        fprintf(to, "\n%s\n", chapters[c].title);
        if (self)
            print_wrapped(to, self->sentence);
        for (size_t i = 0; i < config_option_count; i++) {
            const struct config_option *option = &config_options[i];
            if (strcmp(option->section, chapters[c].section) == 0 &&
                option->type != CONFIG_SECTION)
                print_option(to, option);
        }
    }
}

/* As code, unless it is a word of ours ("as message_bytes") or nothing. */
static void print_default_cell(FILE *to, const struct config_option *option,
                               enum config_profile profile)
{
    char preset[64];
    config_option_default(option, profile, preset);
    bool ours = strchr(preset, ' ') != NULL;
    fprintf(to, " %s%s%s |", *preset && !ours ? "`" : "", preset,
            *preset && !ours ? "`" : "");
}

static void print_values_cell(FILE *to, const struct config_option *option)
{
    char values[128];
    if (!option->choices) {
        fprintf(to, " %s |", config_option_values(option, values));
        return;
    }
    for (const char *const *word = option->choices; *word; word++)
        fprintf(to, "%s`%s`", word == option->choices ? " " : ", ", *word);
    fputs(" |", to);
}

static void print_chapter(FILE *to, const char *section)
{
    fputs("| Key | Default | Values | What it does |\n|---|---|---|---|\n", to);
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        if (strcmp(option->section, section) != 0 || option->type == CONFIG_SECTION)
            continue;
        fprintf(to, "| `%s` |", option->name);
        print_default_cell(to, option, PROFILE_JACKFIELD);
        print_values_cell(to, option);
        fprintf(to, " %s%s |\n", option->sentence,
                config_option_is_fixed(option) ? FIXED : "");
    }
}

static void print_profiles(FILE *to)
{
    fputs(
        "## Profiles\n\n"
        "`\"profile\": \"aws\"` changes these defaults to what API Gateway does. What the "
        "file\nsets itself is kept in either profile.\n\n"
        "| Key | `jackfield` | `aws` |\n|---|---|---|\n",
        to);
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        if (!config_option_has_default(option) || strcmp(option->name, "profile") == 0 ||
            option->preset[PROFILE_JACKFIELD] == option->preset[PROFILE_AWS])
            continue;
        fprintf(to, "| `%s%s%s` |", option->section, *option->section ? "." : "",
                option->name);
        print_default_cell(to, option, PROFILE_JACKFIELD);
        print_default_cell(to, option, PROFILE_AWS);
        fputc('\n', to);
    }
}

void config_print_markdown(FILE *to)
{
    fputs(
        "# Configuration\n\n"
        "<!-- Written by config_doc from the option table. Do not edit by hand. -->\n\n"
        "`jackfield run -c FILE` reads a JSON file in which `//` and `/* */` comments may\n"
        "stand anywhere; `jackfield check -c FILE` reads it and says what is wrong with "
        "it.\n"
        "Unknown keys, keys given twice and values out of bounds are errors, and an error\n"
        "names the key or the line. Relative file names are relative to the file's "
        "folder.\n"
        "`jackfield --help-config` prints what this page says.\n\n"
        "The smallest configuration is `{ \"plugins\": [ \"echo.so\" ] }`. A larger "
        "one:\n\n"
        "```json\n",
        to);
    fputs(example, to);
    fputs(
        "```\n\n"
        "A stage is one served API: its routes, its plugins, `ws://host/prod`. Plugins "
        "named\n"
        "at the top level, or on the command line, make the one stage `$default` at `/`.\n"
        "The route selection expression takes names and indexes of the message's body, as\n"
        "in `$request.body.action`, "
        "`${request.body.service}/${request.body.items[0].kind}`\n"
        "or `$request.body['a name']`; up to eight variables with text between them; `\\$` "
        "is\n"
        "a dollar.\n\n",
        to);
    for (size_t c = 0; c < CHAPTERS; c++) {
        const struct config_option *self = config_option_find("", chapters[c].section);
        fprintf(to, *chapters[c].section ? "## `%s`\n\n" : "## Top level\n\n",
                chapters[c].section);
        if (self)
            fprintf(to, "%s\n\n", self->sentence);
        print_chapter(to, chapters[c].section);
        fputc('\n', to);
    }
    print_profiles(to);
}
