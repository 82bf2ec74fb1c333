/*
 * BIP-340 verification for WebAssembly: records of 128 bytes in, a verdict each out. The curve is libsecp256k1's; what is here is what
 * its old sources lack: the Schnorr equation, its batch form, and a heap. Built by scripts/build-wasm.mjs.
 *
 * Nothing here is secret, so nothing needs constant time.
 */
#include "util.h"
#include "num_impl.h"
#include "field_impl.h"
#include "scalar_impl.h"
#include "group_impl.h"
#include "ecmult_impl.h"
#include "hash_impl.h"
#include "scratch_impl.h"

#define EXPORT(name) __attribute__((export_name(name)))

/* A record: event id (the message), public key, then the two halves of the signature. */
#define RECORD 128
#define PUBKEY 32
#define SIG_R 64
#define SIG_S 96
/* Random bytes that a record needs. */
#define RANDOM 16
/* Records at once at the most: some 100 MB of memory. */
#define MOST_RECORDS 0xffff
/* A linear combination of fewer than these is hardly faster than one equation each. */
#define SMALLEST_BATCH 4

/* The heap: handed out upwards, all taken back by the next `reserve`. */

extern unsigned char __heap_base;
static unsigned char *heap_top = &__heap_base;

/* Traps where there is no more memory, which the caller of the export sees as an exception. */
void *malloc(size_t size) {
    unsigned char *start = heap_top;
    size_t end = (size_t)start + ROUND_TO_ALIGN(size);
    size_t have = __builtin_wasm_memory_size(0) << 16;
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + 0xffff) >> 16) == (size_t)-1) __builtin_trap();
    heap_top = (unsigned char *)end;
    return start;
}

void free(void *at) { (void)at; }

int memcmp(const void *a, const void *b, size_t size) {
    const unsigned char *left = a, *right = b;
    for (; size > 0; size--, left++, right++) {
        if (*left != *right) return *left - *right;
    }
    return 0;
}

static void give_up(const char *text, void *data) {
    (void)text;
    (void)data;
    __builtin_trap();
}
static const secp256k1_callback on_error = {give_up, NULL};

/* What one record says, read once. */
typedef struct {
    int valid;
    size_t author;
    secp256k1_ge r;       /* R, lifted from its x */
    secp256k1_scalar s;   /* s */
    secp256k1_scalar e;   /* the challenge */
    secp256k1_scalar a;   /* the randomiser */
} signature;

/* A public key, lifted once however often it occurs. */
typedef struct {
    const unsigned char *key;
    int valid;
    secp256k1_ge point;
    secp256k1_scalar sum; /* of a * e, over those that are being checked together */
} author;

typedef struct {
    const secp256k1_scalar *scalar;
    const secp256k1_ge *point;
} term;

static secp256k1_ecmult_context generator;
static secp256k1_sha256 challenge_start;
static unsigned char *after_tables;

static size_t capacity;
static unsigned char *records;
static unsigned char *randoms;
static unsigned char *verdicts;
static signature *signatures;
static author *authors;
static size_t author_count;
static size_t *slots; /* hash table into authors, number + 1 */
static size_t slot_mask;
static term *terms;
static secp256k1_scratch *scratch;
static size_t tries_left; /* records over which linear combinations may still be tried */

static void initialize(void) {
    static const unsigned char tag[] = "BIP0340/challenge";
    unsigned char hash[32];
    void *tables = malloc(SECP256K1_ECMULT_CONTEXT_PREALLOCATED_SIZE);
    secp256k1_ecmult_context_init(&generator);
    secp256k1_ecmult_context_build(&generator, &tables);
    secp256k1_sha256_initialize(&challenge_start);
    secp256k1_sha256_write(&challenge_start, tag, sizeof(tag) - 1);
    secp256k1_sha256_finalize(&challenge_start, hash);
    secp256k1_sha256_initialize(&challenge_start);
    secp256k1_sha256_write(&challenge_start, hash, 32);
    secp256k1_sha256_write(&challenge_start, hash, 32);
    after_tables = heap_top;
}

/* What `secp256k1_ecmult_multi_var` needs to take so many points in one go. */
static size_t scratch_size(size_t points) {
    size_t few = secp256k1_strauss_scratch_size(ECMULT_PIPPENGER_THRESHOLD) + STRAUSS_SCRATCH_OBJECTS * ALIGNMENT;
    size_t many = secp256k1_pippenger_scratch_size(points, secp256k1_pippenger_bucket_window(points)) +
                  PIPPENGER_SCRATCH_OBJECTS * ALIGNMENT;
    return few > many ? few : many;
}

/*
 * Makes room for so many records, and returns where they go: the records, behind them the random bytes of each, and behind those the verdicts
 * will be. Memory may have grown, so views of it are stale afterwards.
 */
EXPORT("reserve") unsigned char *reserve(size_t count) {
    if (after_tables == NULL) initialize();
    if (count <= capacity) return records;
    heap_top = after_tables;
    capacity = 0;
    if (count > MOST_RECORDS) __builtin_trap();
    slot_mask = 1;
    while (slot_mask < 2 * count) slot_mask <<= 1;
    records = malloc(count * (RECORD + RANDOM + 1));
    signatures = malloc(count * sizeof(*signatures));
    authors = malloc(count * sizeof(*authors));
    slots = malloc(slot_mask * sizeof(*slots));
    terms = malloc(2 * count * sizeof(*terms));
    scratch = secp256k1_scratch_create(&on_error, scratch_size(2 * count));
    slot_mask--;
    capacity = count;
    return records;
}

/* lift_x of BIP-340: the point with this x and an even y. 0 when x is no field element or no such point exists. */
static int lift_x(secp256k1_ge *point, const unsigned char *bytes) {
    secp256k1_fe x;
    return secp256k1_fe_set_b32(&x, bytes) && secp256k1_ge_set_xo_var(point, &x, 0);
}

static size_t find_author(const unsigned char *key) {
    uint32_t hash;
    size_t at;
    author *found;
    memcpy(&hash, key, sizeof(hash));
    for (at = (hash * 2654435761u >> 16) & slot_mask; slots[at] != 0; at = (at + 1) & slot_mask) {
        if (memcmp(authors[slots[at] - 1].key, key, 32) == 0) return slots[at] - 1;
    }
    found = &authors[author_count];
    slots[at] = ++author_count;
    found->key = key;
    found->valid = lift_x(&found->point, key);
    return author_count - 1;
}

/*
 * u + v * lambda for two random halves of 64 bits: 2^128 different values, as no vector of the endomorphism's lattice is that short. The
 * multiplication splits a scalar into just such halves, so these are half the work of any 128-bit number.
 */
static void randomiser(secp256k1_scalar *a, const unsigned char *random) {
    static const secp256k1_scalar lambda = SECP256K1_SCALAR_CONST(0x5363AD4CUL, 0xC05C30E0UL, 0xA5261C02UL, 0x8812645AUL, 0x122E22EAUL,
                                                                  0x20816678UL, 0xDF02967CUL, 0x1B23BD72UL);
    unsigned char half[32] = {0};
    secp256k1_scalar v;
    memcpy(half + 24, random, 8);
    secp256k1_scalar_set_b32(a, half, NULL);
    memcpy(half + 24, random + 8, 8);
    secp256k1_scalar_set_b32(&v, half, NULL);
    secp256k1_scalar_mul(&v, &v, &lambda);
    secp256k1_scalar_add(a, a, &v);
}

static void challenge(secp256k1_scalar *e, const unsigned char *record) {
    secp256k1_sha256 hash = challenge_start;
    unsigned char out[32];
    secp256k1_sha256_write(&hash, record + SIG_R, 32);
    secp256k1_sha256_write(&hash, record + PUBKEY, 32);
    secp256k1_sha256_write(&hash, record, 32);
    secp256k1_sha256_finalize(&hash, out);
    secp256k1_scalar_set_b32(e, out, NULL);
}

static void read_record(size_t i) {
    const unsigned char *record = records + i * RECORD;
    signature *sig = &signatures[i];
    int overflow;
    sig->valid = 0;
    secp256k1_scalar_set_b32(&sig->s, record + SIG_S, &overflow);
    if (overflow) return;
    sig->author = find_author(record + PUBKEY);
    if (!authors[sig->author].valid || !lift_x(&sig->r, record + SIG_R)) return;
    challenge(&sig->e, record);
    randomiser(&sig->a, randoms + i * RANDOM);
    sig->valid = 1;
}

/* s * G = R + e * P, as R + (e * P - s * G) = 0: that R has an even y and the x of the signature is how it was lifted. */
static int is_right(const signature *sig) {
    secp256k1_gej point, sum;
    secp256k1_scalar minus_s;
    secp256k1_scalar_negate(&minus_s, &sig->s);
    secp256k1_gej_set_ge(&point, &authors[sig->author].point);
    secp256k1_ecmult(&generator, &sum, &point, &sig->e, &minus_s);
    secp256k1_gej_add_ge_var(&sum, &sum, &sig->r, NULL);
    return secp256k1_gej_is_infinity(&sum);
}

static int next_term(secp256k1_scalar *scalar, secp256k1_ge *point, size_t index, void *data) {
    (void)data;
    *scalar = *terms[index].scalar;
    *point = *terms[index].point;
    return 1;
}

/*
 * The batch equation of BIP-340 over the valid records of a range, each multiplied by its randomiser a: the sum of a * R and a * e * P
 * less the sum of a * s times G is nothing. Terms of one author are one term with the sum of their factors.
 */
static int are_right(size_t start, size_t end) {
    secp256k1_scalar all_s, product;
    secp256k1_gej sum;
    size_t i, count = 0;
    secp256k1_scalar_set_int(&all_s, 0);
    for (i = 0; i < author_count; i++) secp256k1_scalar_set_int(&authors[i].sum, 0);
    for (i = start; i < end; i++) {
        const signature *sig = &signatures[i];
        author *by;
        if (!sig->valid) continue;
        by = &authors[sig->author];
        secp256k1_scalar_mul(&product, &sig->a, &sig->s);
        secp256k1_scalar_add(&all_s, &all_s, &product);
        secp256k1_scalar_mul(&product, &sig->a, &sig->e);
        secp256k1_scalar_add(&by->sum, &by->sum, &product);
        terms[count].scalar = &sig->a;
        terms[count++].point = &sig->r;
    }
    secp256k1_scalar_negate(&all_s, &all_s);
    for (i = 0; i < author_count; i++) {
        if (secp256k1_scalar_is_zero(&authors[i].sum)) continue;
        terms[count].scalar = &authors[i].sum;
        terms[count++].point = &authors[i].point;
    }
    return secp256k1_ecmult_multi_var(&on_error, &generator, scratch, &sum, &all_s, next_term, NULL, count) &&
           secp256k1_gej_is_infinity(&sum);
}

static void one_by_one(size_t start, size_t end) {
    for (; start < end; start++) verdicts[start] = signatures[start].valid && is_right(&signatures[start]);
}

/*
 * Bisection. `known_bad`: a forgery is known to be in this range, which saves the look at all of it. Returns whether one is. The randomisers
 * may be the same at each step: the signatures were there before them, and no choice of records fails to fail but once in 2^128.
 */
static int check_range(size_t start, size_t end, int known_bad) {
    size_t middle = start + (end - start) / 2;
    size_t i;
    int bad;
    if (end - start < SMALLEST_BATCH || (!known_bad && tries_left < end - start)) {
        one_by_one(start, end);
        for (i = start; i < end; i++) {
            if (signatures[i].valid && !verdicts[i]) return 1;
        }
        return 0;
    }
    if (!known_bad) {
        tries_left -= end - start;
        if (are_right(start, end)) {
            for (i = start; i < end; i++) verdicts[i] = signatures[i].valid != 0;
            return 0;
        }
    }
    bad = check_range(start, middle, 0);
    check_range(middle, end, !bad);
    return 1;
}

/*
 * Writes a verdict for each of the records that were put where `reserve` said, 1 or 0. Linear combinations are tried over `tries` times as
 * many records as there are, then what is left is checked one by one: 3 find one forgery in any place, and bound what a sender of many costs.
 */
EXPORT("verify") void verify(size_t count, size_t tries) {
    size_t i;
    if (count > capacity) __builtin_trap();
    randoms = records + count * RECORD;
    verdicts = randoms + count * RANDOM;
    author_count = 0;
    memset(slots, 0, (slot_mask + 1) * sizeof(*slots));
    for (i = 0; i < count; i++) read_record(i);
    tries_left = tries * count;
    check_range(0, count, 0);
}
