/*
 * check - how we die.
 *
 * CHECK is for bugs in our own code only; it stays in release builds. Whatever a stranger,
 * a plugin or Redis can cause is a status, never a check. [any thread]
 */
#ifndef JF_BASE_CHECK_H
#define JF_BASE_CHECK_H

#include <stdint.h>

#define CHECK(x) ((x) ? (void)0 : check_failed(__FILE__, __LINE__, __func__, #x))

/* After every cast from void *: is it the kind of object we think it is? Objects that ask
 * for this have a first member `uint32_t magic`. */
#define CHECK_OBJ(p, expected)                                                             \
    ((p) && (p)->magic == (expected)                                                       \
         ? (void)0                                                                         \
         : check_failed(__FILE__, __LINE__, __func__, #p " is a " #expected))

/* Write one line about the failed check to stderr and abort. */
_Noreturn void check_failed(const char *file, int line, const char *function,
                            const char *expression);

/* A thread says which worker it is; -1, the value a new thread has, is none. It names the
 * worker in log lines and in failed checks, and is what CHECK_HOME compares. */
void check_enter_worker(int index);
int check_current_worker(void);

/* First thing in every function that belongs to a worker. */
#define CHECK_HOME(index) CHECK(check_current_worker() == (int)(index))

#endif
