/* The plugin, tested without a host: the fake one delivers events and hears the answers. */
#undef NDEBUG
#include <assert.h>

#include "testing/fake_host.h"

static void it_greets_who_says_hello(void)
{
    struct fake_host *host = fake_host_new(&jf_entry, 1);
    assert(fake_host_start(host, "{}") == JF_OK);

    jf_conn_id ann = fake_host_connect(host, NULL);
    assert(fake_host_say(host, ann, "hello", "{\"action\":\"hello\"}") == JF_OK);
    assert(strcmp(fake_host_hear(host, ann), "Hello! You sent 18 bytes.") == 0);
    assert(fake_host_hear(host, ann) == NULL);

    fake_host_free(host);
}

static void it_fails_when_the_client_cannot_listen(void)
{
    struct fake_host *host = fake_host_new(&jf_entry, 1);
    assert(fake_host_start(host, "{}") == JF_OK);

    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_stuff(host, ann, true);
    assert(fake_host_say(host, ann, "hello", "{\"action\":\"hello\"}") == JF_E_FULL);

    fake_host_free(host);
}

int main(void)
{
    it_greets_who_says_hello();
    it_fails_when_the_client_cannot_listen();
    return 0;
}
