/*
 * Broken: it does not say its name or version.
 * The host: refuses it, and names the file.
 */
#include "jackfield.h"

JF_PLUGIN(.name = NULL, .version = NULL);
