/* C_SignInit and C_Sign on one key by several threads for some seconds: the ceiling that a module sets.
 *
 *   raw_sign MODULE PIN LABEL THREADS SECONDS   prints: signatures, wall seconds, CPU seconds
 *
 * Signs a SHA-256 digest as hsm.token does: P-256 with CKM_ECDSA, RSA-3072 with CKM_RSA_PKCS_PSS, RSA-2048
 * with CKM_RSA_PKCS on a DigestInfo. The structures are those of PKCS#11 v2.40 on a 64-bit Unix.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef unsigned long ulong_t;
typedef struct { ulong_t type; void *value; ulong_t length; } attribute_t;
typedef struct { ulong_t mechanism; void *parameter; ulong_t length; } mechanism_t;
typedef struct { void *unused[4]; ulong_t flags; void *reserved; } initialize_t;
typedef struct { unsigned char version[2]; ulong_t (*function[68])(); } functions_t;

enum { INITIALIZE = 0, GET_SLOT_LIST = 4, OPEN_SESSION = 12, LOGIN = 18, FIND_INIT = 26, FIND = 27,
       FIND_FINAL = 28, SIGN_INIT = 42, SIGN = 43 };

static functions_t *module;
static ulong_t slot, key;
static mechanism_t mechanism;
static unsigned char input[51];
static ulong_t input_length = 32;
static double until;

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void check(ulong_t code, const char *what) {
    if (code) {
        fprintf(stderr, "%s: CKR %#lx\n", what, code);
        exit(1);
    }
}

static void *work(void *counted) {
    ulong_t session, length;
    unsigned char output[1024];
    check(module->function[OPEN_SESSION](slot, 4UL, NULL, NULL, &session), "C_OpenSession");
    while (now(CLOCK_MONOTONIC) < until) {
        check(module->function[SIGN_INIT](session, &mechanism, key), "C_SignInit");
        length = sizeof output;
        check(module->function[SIGN](session, input, input_length, output, &length), "C_Sign");
        ++*(long *)counted;
    }
    return NULL;
}

int main(int argc, char **argv) {
    static const unsigned char digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                                0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    static ulong_t pss[3] = {0x250, 2, 32};
    if (argc != 6) return 2;
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
    ulong_t (*list)(functions_t **) = (ulong_t (*)(functions_t **))dlsym(library, "C_GetFunctionList");
    check(list(&module), "C_GetFunctionList");
    initialize_t arguments = {.flags = 2};
    check(module->function[INITIALIZE](&arguments), "C_Initialize");
    ulong_t slots[16], count = 16, session, private_key = 3;
    check(module->function[GET_SLOT_LIST](1, slots, &count), "C_GetSlotList");
    slot = slots[0];
    check(module->function[OPEN_SESSION](slot, 4UL, NULL, NULL, &session), "C_OpenSession");
    check(module->function[LOGIN](session, 1UL, argv[2], strlen(argv[2])), "C_Login");
    attribute_t wanted[2] = {{0, &private_key, sizeof private_key}, {3, argv[3], strlen(argv[3])}};
    check(module->function[FIND_INIT](session, wanted, 2UL), "C_FindObjectsInit");
    check(module->function[FIND](session, &key, 1UL, &count), "C_FindObjects");
    if (count != 1) return fprintf(stderr, "no key %s\n", argv[3]), 1;
    check(module->function[FIND_FINAL](session), "C_FindObjectsFinal");
    memset(input, 0x5a, sizeof input);
    mechanism.mechanism = 0x1041;
    if (!strcmp(argv[3], "RSA-3072")) mechanism = (mechanism_t){0x0d, pss, sizeof pss};
    if (!strcmp(argv[3], "RSA-2048")) {
        mechanism.mechanism = 1;
        memcpy(input, digest_info, sizeof digest_info);
        input_length = sizeof input;
    }
    int threads = atoi(argv[4]);
    pthread_t thread[64];
    long counted[64][16] = {{0}};
    double began = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    until = began + atof(argv[5]);
    for (int i = 0; i < threads; i++) pthread_create(&thread[i], NULL, work, counted[i]);
    long signs = 0;
    for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL), signs += counted[i][0];
    printf("%ld %f %f\n", signs, now(CLOCK_MONOTONIC) - began, now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    return 0;
}
