/* Requests that clients signed, as they came. Written by vectors.py. */
#ifndef JF_TEST_CLIENT_VECTORS_H
#define JF_TEST_CLIENT_VECTORS_H

#include "tests/unit/credentials/vector.h"

static const struct vector client_vectors[] = {
    { .name = "boto3-post",
      .method = "POST",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "127.0.0.1:39785" },
                   { "Accept-Encoding", "identity" },
                   { "X-Amz-Date", "20261125T085026Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20261125/eu-central-1/execute-api/"
                     "aws4_request, SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "0329844bba0323a77198d03c3fa03e4f836b7f106499ed752ca3ecf619a07364" },
                   { "amz-sdk-invocation-id", "01cc3406-82f6-4ed4-818b-e9bae75e92b5" },
                   { "amz-sdk-request", "attempt=1" },
                   { "Content-Length", "14" } },
      .body = "{\"hello\":\"\xc3"
              "\xa4"
              "\"}" },
    { .name = "boto3-get",
      .method = "GET",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "127.0.0.1:39785" },
                   { "Accept-Encoding", "identity" },
                   { "X-Amz-Date", "20261125T085026Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20261125/eu-central-1/execute-api/"
                     "aws4_request, SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "f91d4305f517ab4b621974d142bf89b080318cd346e7d1d7d9bdf6f795ecea03" },
                   { "amz-sdk-invocation-id", "4a982e24-d599-4404-96dd-536c31e59bbb" },
                   { "amz-sdk-request", "attempt=1" } },
      .body = "" },
    { .name = "boto3-delete",
      .method = "DELETE",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "127.0.0.1:39785" },
                   { "Accept-Encoding", "identity" },
                   { "X-Amz-Date", "20261125T085026Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20261125/eu-central-1/execute-api/"
                     "aws4_request, SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "2c93db71755f03bc004c0ad42aebe453ce75c19edfa2bc4e66ec35a1b844f678" },
                   { "amz-sdk-invocation-id", "537b678f-4970-43eb-a77e-e9e8d3c489a1" },
                   { "amz-sdk-request", "attempt=1" },
                   { "Content-Length", "0" } },
      .body = "" },
    { .name = "boto3-trailing-slash",
      .method = "GET",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "127.0.0.1:39785" },
                   { "Accept-Encoding", "identity" },
                   { "X-Amz-Date", "20261125T085026Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20261125/eu-central-1/execute-api/"
                     "aws4_request, SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "f91d4305f517ab4b621974d142bf89b080318cd346e7d1d7d9bdf6f795ecea03" },
                   { "amz-sdk-invocation-id", "945b15d6-dda8-4037-8177-abdeec4af832" },
                   { "amz-sdk-request", "attempt=1" } },
      .body = "" },
    { .name = "boto3-root",
      .method = "GET",
      .path = "/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "127.0.0.1:39785" },
                   { "Accept-Encoding", "identity" },
                   { "X-Amz-Date", "20261125T085026Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20261125/eu-central-1/execute-api/"
                     "aws4_request, SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "15bb146655cc4b4702c05104dbf8e60514ff31911a355fa53e3a7f4f9b5f042e" },
                   { "amz-sdk-invocation-id", "6d8972fe-9723-491b-bee1-275fa3aaa141" },
                   { "amz-sdk-request", "attempt=1" } },
      .body = "" },
    { .name = "boto3-default-stage",
      .method = "GET",
      .path = "/$default/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "127.0.0.1:39785" },
                   { "Accept-Encoding", "identity" },
                   { "X-Amz-Date", "20261125T085026Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20261125/eu-central-1/execute-api/"
                     "aws4_request, SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "9660751bee55c01bfe851f6597fc344546588376a03ab7d3d7c3b0a22c457f14" },
                   { "amz-sdk-invocation-id", "ab4bad14-34e2-45ea-bad9-b1d7618fe6b1" },
                   { "amz-sdk-request", "attempt=1" } },
      .body = "" },
    { .name = "boto3-empty-body",
      .method = "POST",
      .path = "/p/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "127.0.0.1:39785" },
                   { "Accept-Encoding", "identity" },
                   { "X-Amz-Date", "20261125T085026Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20261125/eu-central-1/execute-api/"
                     "aws4_request, SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "661aaa7affe872b4cdc1e101a16f6d6dc410a482d7433ab70692ef5bce74d86b" },
                   { "amz-sdk-invocation-id", "b50ecaf5-fa5f-4fe1-9759-4af719121365" },
                   { "amz-sdk-request", "attempt=1" },
                   { "Content-Length", "0" } },
      .body = "" },
    { .name = "curl-post",
      .method = "POST",
      .path = "/production/%40connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "127.0.0.1:39785" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=content-type;host;x-amz-date, "
                     "Signature="
                     "fcd3c15084d154cef9abe7a4a13b735179c4329c3ba6f8bc31de3bf46631d7d2" },
                   { "X-Amz-Date", "20261125T085026Z" },
                   { "Accept", "*/*" },
                   { "Content-Type", "text/plain" },
                   { "Content-Length", "5" } },
      .body = "hello" },
    { .name = "curl-delete",
      .method = "DELETE",
      .path = "/production/%40connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "127.0.0.1:39785" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "aee55513f0809b48dab3626df7c4a14e8ae31e9dca07535d71e62bf419881184" },
                   { "X-Amz-Date", "20261125T085026Z" },
                   { "Accept", "*/*" } },
      .body = "" },
    { .name = "raw-at",
      .method = "POST",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "gateway.example:8443" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "a402ffec9194472f8132fd46327c675b26fe593aaf587ce962d424c6a5a11d5f" } },
      .body = "hello" },
    { .name = "escaped-at",
      .method = "POST",
      .path = "/production/%40connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "gateway.example:8443" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "f7e3c78d9dbe18426bd1794d51b00463cd3300a35c35b44a8a7b5ebfdbef5580" } },
      .body = "hello" },
    { .name = "bare-equals",
      .method = "POST",
      .path = "/production/@connections/L0SM9cOFvHcCIhw=",
      .query = "",
      .headers = { { "Host", "gateway.example:8443" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "681c689e1d1f6f6c366f6e961f24954963fcc2bc10f620448fd58296c1bbe3e2" } },
      .body = "hello" },
    { .name = "two-slashes",
      .method = "POST",
      .path = "/production//@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "gateway.example:8443" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "a402ffec9194472f8132fd46327c675b26fe593aaf587ce962d424c6a5a11d5f" } },
      .body = "hello" },
    { .name = "encoded-once",
      .method = "POST",
      .path = "/production/%40connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "gateway.example:8443" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "X-Amz-Content-SHA256",
                     "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
                     "Signature="
                     "e8cb265adab890842e51cb649ded06b598d90ce7e7246e5c604a1d0ab90ae1db" } },
      .body = "hello" },
    { .name = "unsigned-payload",
      .method = "POST",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "gateway.example:8443" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
                     "Signature="
                     "c8451ef268821600fbd08fae3c9fe0ef810ea9f7e298fc8e22f356c44eaa8b10" } },
      .body = "hello" },
    { .name = "session-token",
      .method = "POST",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "gateway.example:8443" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "X-Amz-Security-Token",
                     "AQoDYXdzEPT//////////"
                     "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfp"
                     "SPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
                     "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp7"
                     "5YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"
                     "xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
                     "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"
                     "oLxBA==" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-date;x-amz-security-token, "
                     "Signature="
                     "1a526703ab7b7c71e360a495a0e902b98301dfffd95e4684792a1419d270465b" } },
      .body = "hello" },
    { .name = "date-header",
      .method = "POST",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "",
      .headers = { { "Host", "gateway.example:8443" },
                   { "Date", "Sun, 30 Aug 2015 12:36:00 -0000" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=date;host, "
                     "Signature="
                     "8d96254463e7aabb9fd329b96870bd6b808d060d2339ef916d4782c659cd30bb" } },
      .body = "hello" },
    { .name = "query",
      .method = "GET",
      .path = "/production/@groups/caf%C3%A9%20%2F%20bar",
      .query = "limit=10&cursor=a%2Bb%2F%3D&flag",
      .headers = { { "Host", "gateway.example:8443" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "55efc586b5c8f176cfe4ae98aec4018658a1577dc09781129e9e513634df7e6c" } },
      .body = "" },
    { .name = "query-as-sent",
      .method = "GET",
      .path = "/production/@connections",
      .query = "group=a,b:c@d&cursor=a+b/=",
      .headers = { { "Host", "gateway.example:8443" },
                   { "X-Amz-Date", "20150830T123600Z" },
                   { "Authorization",
                     "AWS4-HMAC-SHA256 "
                     "Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, "
                     "SignedHeaders=host;x-amz-date, "
                     "Signature="
                     "7239da3f1b9ed85ad648ec255c35245511d7732158436e52a86dc961fc290360" } },
      .body = "" },
    { .name = "presigned",
      .method = "GET",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%"
               "2Fus-east-1%2Fexecute-api%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-"
               "Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature="
               "d794813197f6c404f0cf6f820f1e374a4f69f60c40e5cebde6e4d5066fab69b1",
      .headers = { { "Host", "gateway.example:8443" } },
      .body = "" },
    { .name = "presigned-token",
      .method = "GET",
      .path = "/production/@connections/L0SM9cOFvHcCIhw%3D",
      .query =
          "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-"
          "east-1%2Fexecute-api%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires="
          "60&X-Amz-SignedHeaders=host&X-Amz-Security-Token=AQoDYXdzEPT%2F%2F%2F%2F%2F%2F%"
          "2F%2F%2F%"
          "2FwEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYR"
          "qTflfKD8YUuwthAx7mSEI%2FqkPpKPi%"
          "2FkMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlR"
          "d8Tx6q6fE8YQcHNVXAkiY9q6d%2Bxo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz%"
          "2BscqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR%2FoLxBA%3D%3D&X-"
          "Amz-Signature=0efcc265a22c76864b508dc4d763bb8a4e633b63b626bb880d3fefd8658ce014",
      .headers = { { "Host", "gateway.example:8443" } },
      .body = "" },
    { .name = "presigned-query",
      .method = "GET",
      .path = "/production/@groups/caf%C3%A9%20%2F%20bar",
      .query =
          "limit=10&cursor=a%2Bb%2F%3D&flag=&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-"
          "Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fexecute-api%2Faws4_request&X-"
          "Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-"
          "Signature=170efbb0bcffef95b766079f45af0297ecc75344d37c7ac77ef7afe1093ec16d",
      .headers = { { "Host", "gateway.example:8443" } },
      .body = "" },
};

#endif
