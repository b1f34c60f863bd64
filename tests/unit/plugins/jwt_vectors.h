/* Keys and tokens that the standards print. */
#ifndef JF_TEST_JWT_VECTORS_H
#define JF_TEST_JWT_VECTORS_H

/* RFC 7515, appendix A.1: {"typ":"JWT",\r\n "alg":"HS256"} */
#define A1_K                                                                               \
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"                                        \
    "1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAo"                                             \
    "w"
#define A1_JWK "{\"kty\":\"oct\",\"k\":\"" A1_K "\"}"
#define JOE                                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290" \
    "Ij"                                                                                   \
    "p0cnVlfQ"
#define A1_HEADER "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
#define A1_SIGNATURE "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define A1_TOKEN A1_HEADER "." JOE "." A1_SIGNATURE
#define JOE_EXP 1300819380

/* A.2: {"alg":"RS256"} */
#define A2_N                                                                               \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"                \
    "4qPCJrcS2mJPMEzP1"                                                                    \
    "Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"       \
    "bSf63kpa"                                                                             \
    "SHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"                                                    \
    "UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4"                                \
    "LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define A2_JWK "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"AQAB\"}"
#define A2_HEADER "eyJhbGciOiJSUzI1NiJ9"
#define A2_SIGNATURE                                                                       \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_"       \
    "lF5YKt_O"                                                                             \
    "8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"                             \
    "nZLgrnbyTyWzO75vRK5h6xBArLIARN"                                                       \
    "PvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"                          \
    "eOkHWEsqtFZESc6BfI7noOPqvhJ"                                                          \
    "1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define A2_TOKEN A2_HEADER "." JOE "." A2_SIGNATURE

/* A.3: {"alg":"ES256"} */
#define A3_JWK                                                                             \
    "{\"kty\":\"EC\",\"crv\":\"P-256\","                                                   \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                               \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define A3_HEADER "eyJhbGciOiJFUzI1NiJ9"
#define A3_SIGNATURE                                                                       \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"      \
    "Kg6NU1"                                                                               \
    "Q"
#define A3_TOKEN A3_HEADER "." JOE "." A3_SIGNATURE

/* RFC 8037, appendix A.2 and A.4: {"alg":"EdDSA"}, "Example of Ed25519 signing" */
#define ED_JWK                                                                             \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","                                                \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define ED_HEADER "eyJhbGciOiJFZERTQSJ9"
#define ED_PAYLOAD "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define ED_SIGNATURE                                                                       \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"      \
    "MuM0KA"                                                                               \
    "g"
#define ED_TOKEN ED_HEADER "." ED_PAYLOAD "." ED_SIGNATURE

/* RFC 7517, appendix A.1: public keys, the first for encryption */
#define PUBLIC_KEYS                                                                        \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","                                        \
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                               \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"use\":\"enc\",\"kid\":\"1\"}" \
    ","                                                                                    \
    "{\"kty\":\"RSA\",\"n\":"                                                              \
    "\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6" \
    "t"                                                                                    \
    "Soc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-"  \
    "65Y"                                                                                  \
    "GjQR0_"                                                                               \
    "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt"     \
    "-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"                \
    "kEgU8awapJzKnqDKg"                                                                    \
    "w\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}]}"

/* RFC 7517, appendix A.3: secrets, the first for wrapping keys */
#define SECRET_KEYS                                                                        \
    "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"A128KW\",\"k\":\"GawgguFyGrWKav7AX4VKUg\"},"    \
    "{\"kty\":\"oct\",\"k\":\"" A1_K                                                       \
    "\",\"kid\":\"HMAC key used in JWS spec Appendix A.1 example\"}]}"

#endif
