/*
 * uv_status - libuv's error codes as ours; for those who stand at the door to libuv.
 * [any thread]
 */
#ifndef JF_LOOP_UV_STATUS_H
#define JF_LOOP_UV_STATUS_H

/* 0 and above is JF_OK. */
int uv_status(int code);

#endif
