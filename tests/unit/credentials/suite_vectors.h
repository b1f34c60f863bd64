/* AWS's published test suite for Signature Version 4. Written by vectors.py. */
#ifndef JF_TEST_SUITE_VECTORS_H
#define JF_TEST_SUITE_VECTORS_H

#include "tests/unit/credentials/vector.h"

static const struct vector suite_vectors[] = {
    { .name = "get-vanilla",
      .method = "GET",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" } },
      .body = "" },
    { .name = "get-vanilla-empty-query-key",
      .method = "GET",
      .path = "/",
      .query = "Param1=value1",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" } },
      .body = "" },
    { .name = "get-vanilla-query-order-key",
      .method = "GET",
      .path = "/",
      .query = "Param1=value2&Param1=Value1",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1" } },
      .body = "" },
    { .name = "get-vanilla-query-order-key-case",
      .method = "GET",
      .path = "/",
      .query = "Param2=value2&Param1=value1",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" } },
      .body = "" },
    { .name = "get-vanilla-query-order-value",
      .method = "GET",
      .path = "/",
      .query = "Param1=value2&Param1=value1",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694" } },
      .body = "" },
    { .name = "get-vanilla-query-unreserved",
      .method = "GET",
      .path = "/",
      .query = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~"
               "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197" } },
      .body = "" },
    { .name = "get-vanilla-utf8-query",
      .method = "GET",
      .path = "/",
      .query = "\xe1"
               "\x88"
               "\xb4"
               "=bar",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" } },
      .body = "" },
    { .name = "get-unreserved",
      .method = "GET",
      .path = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f" } },
      .body = "" },
    { .name = "get-utf8",
      .method = "GET",
      .path = "/\xe1"
              "\x88"
              "\xb4"
              "",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" } },
      .body = "" },
    { .name = "get-header-key-duplicate",
      .method = "GET",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "My-Header1", "value2" },
                   { "My-Header1", "value2" },
                   { "My-Header1", "value1" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;my-header1;x-amz-date, "
                     "Signature="
                     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" } },
      .body = "" },
    { .name = "get-header-value-multiline",
      .method = "GET",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "My-Header1", "value1" },
                   { "My-Header1", "value2" },
                   { "My-Header1", "value3" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;my-header1;x-amz-date, "
                     "Signature="
                     "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790" } },
      .body = "" },
    { .name = "get-header-value-order",
      .method = "GET",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "My-Header1", "value4" },
                   { "My-Header1", "value1" },
                   { "My-Header1", "value3" },
                   { "My-Header1", "value2" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;my-header1;x-amz-date, "
                     "Signature="
                     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01" } },
      .body = "" },
    { .name = "get-header-value-trim",
      .method = "GET",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "My-Header1", " value1" },
                   { "My-Header2", " \"a   b   c\"" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;my-header1;my-header2;x-amz-date, "
                     "Signature="
                     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" } },
      .body = "" },
    { .name = "get-slash",
      .method = "GET",
      .path = "//",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" } },
      .body = "" },
    { .name = "get-slash-dot-slash",
      .method = "GET",
      .path = "/./",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" } },
      .body = "" },
    { .name = "get-slash-pointless-dot",
      .method = "GET",
      .path = "/./example",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5" } },
      .body = "" },
    { .name = "get-slashes",
      .method = "GET",
      .path = "//example//",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84" } },
      .body = "" },
    { .name = "get-relative",
      .method = "GET",
      .path = "/example/..",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" } },
      .body = "" },
    { .name = "get-relative-relative",
      .method = "GET",
      .path = "/example1/example2/../..",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" } },
      .body = "" },
    { .name = "get-space",
      .method = "GET",
      .path = "/example space/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" } },
      .body = "" },
    { .name = "post-vanilla",
      .method = "POST",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" } },
      .body = "" },
    { .name = "post-vanilla-query",
      .method = "POST",
      .path = "/",
      .query = "Param1=value1",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11" } },
      .body = "" },
    { .name = "post-header-key-sort",
      .method = "POST",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "My-Header1", "value1" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;my-header1;x-amz-date, "
                     "Signature="
                     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" } },
      .body = "" },
    { .name = "post-header-value-case",
      .method = "POST",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "My-Header1", "VALUE1" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;my-header1;x-amz-date, "
                     "Signature="
                     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d" } },
      .body = "" },
    { .name = "post-sts-header-before",
      .method = "POST",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Security-Token",
                     "AQoDYXdzEPT//////////"
                     "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfp"
                     "SPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
                     "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp7"
                     "5YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"
                     "xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
                     "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"
                     "oLxBA==" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date;x-amz-security-token, "
                     "Signature="
                     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead" } },
      .body = "" },
    { .name = "post-sts-header-after",
      .method = "POST",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "X-Amz-Security-Token",
                     "AQoDYXdzEPT//////////"
                     "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfp"
                     "SPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
                     "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp7"
                     "5YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"
                     "xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
                     "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"
                     "oLxBA==" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" } },
      .body = "" },
    { .name = "post-x-www-form-urlencoded",
      .method = "POST",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "Content-Type", "application/x-www-form-urlencoded" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=content-type;host;x-amz-date, "
                     "Signature="
                     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" } },
      .body = "Param1=value1" },
    { .name = "post-x-www-form-urlencoded-parameters",
      .method = "POST",
      .path = "/",
      .query = "",
      .headers = { { "Host", "example.amazonaws.com" },
                   { "Content-Type", "application/x-www-form-urlencoded; charset=utf8" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                     "SignedHeaders=content-type;host;x-amz-date, "
                     "Signature="
                     "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe" } },
      .body = "Param1=value1" },
};

#endif
