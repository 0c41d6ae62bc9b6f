/* The nearest of binary codes: how many bits differ, counted by the processor's own instruction.
 *
 * A code is `words` numbers of 64 bits. Codes are read once, a block at a time that stays in the first cache while
 * every query is compared with it; what may still be among a query's k nearest is noted, and the notes are sorted
 * out whenever they are full.
 */
#include <stdint.h>
#include <stdlib.h>

#include "interface.h"

const int alexnet_interface = INTERFACE;

#define BLOCK 1024 /* codes: 8 kB for each word */
#define GROUP 64   /* codes that are passed over together where none is near enough */
#define ROW_BITS 48

typedef struct {
    uint64_t *notes; /* distance << ROW_BITS | row, rows rising; room for 2 k + BLOCK */
    int64_t filled;
    uint16_t bound; /* what is this far is no longer among the k nearest */
} best;

#define COUNT_DIFFERENCES(words, count)                                                             \
    for (int i = 0; i < (count); i++) {                                                             \
        uint64_t bits = 0;                                                                          \
        for (int w = 0; w < (words); w++) bits += __builtin_popcountll(codes[i * (words) + w] ^ query[w]); \
        distances[i] = (uint16_t)bits;                                                              \
    }

/* The same loop for each number of words up to four, known to the compiler; compiled for two processors. */
#define DIFFERENCES(name, target)                                                                   \
    target static void name(const uint64_t *codes, int count, int words, const uint64_t *query, uint16_t *distances) \
    {                                                                                               \
        switch (words) {                                                                            \
        case 1: COUNT_DIFFERENCES(1, count) return;                                                 \
        case 2: COUNT_DIFFERENCES(2, count) return;                                                 \
        case 3: COUNT_DIFFERENCES(3, count) return;                                                 \
        case 4: COUNT_DIFFERENCES(4, count) return;                                                 \
        default: COUNT_DIFFERENCES(words, count)                                                    \
        }                                                                                           \
    }

DIFFERENCES(differences, __attribute__((target("popcnt"))))
DIFFERENCES(differences_512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512vpopcntdq,prefer-vector-width=512"))))

/* Keep the k nearest of the notes, the nearest first, of equals the earlier row: a counting sort. */
static void sort_out(best *found, int64_t k, uint64_t *sorted, int64_t *starts, int largest)
{
    for (int d = 0; d <= largest + 1; d++) starts[d] = 0;
    for (int64_t i = 0; i < found->filled; i++) starts[(found->notes[i] >> ROW_BITS) + 1]++;
    for (int d = 1; d <= largest + 1; d++) starts[d] += starts[d - 1];
    int64_t kept = found->filled < k ? found->filled : k;
    for (int64_t i = 0; i < found->filled; i++) {
        int64_t place = starts[found->notes[i] >> ROW_BITS]++;
        if (place < kept) sorted[place] = found->notes[i];
    }
    for (int64_t i = 0; i < kept; i++) found->notes[i] = sorted[i];
    found->filled = kept;
    if (kept == k) found->bound = (uint16_t)(sorted[kept - 1] >> ROW_BITS);
}

static void note(best *found, const uint16_t *distances, int count, int64_t first)
{
    uint16_t bound = found->bound;
    for (int start = 0; start < count; start += GROUP) {
        int end = start + GROUP < count ? start + GROUP : count, near = 0;
        for (int i = start; i < end; i++) near |= distances[i] < bound;
        if (!near) continue;
        for (int i = start; i < end; i++)
            if (distances[i] < bound) found->notes[found->filled++] = (uint64_t)distances[i] << ROW_BITS | (uint64_t)(first + i);
    }
}

/* The k nearest codes of each query, k <= count: distances and rows (queries x k), rising, of equals the earlier row. */
int alexnet_hamming(const uint64_t *codes, int64_t count, int words, const uint64_t *queries, int query_count, int64_t k,
                    int32_t *distances, int64_t *rows)
{
    __builtin_cpu_init();
    int wide = __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    int64_t room = 2 * k + BLOCK;
    int largest = 64 * words;
    best *all = malloc(query_count * sizeof(best));
    uint64_t *notes = malloc(((int64_t)query_count + 1) * room * sizeof(uint64_t)); /* the last for sorting */
    int64_t *starts = malloc((largest + 2) * sizeof(int64_t));
    int status = all && notes && starts ? DONE : NO_MEMORY;
    for (int q = 0; status == DONE && q < query_count; q++) all[q] = (best){notes + q * room, 0, (uint16_t)(largest + 1)};
    for (int64_t first = 0; status == DONE && first < count; first += BLOCK) {
        int size = count - first < BLOCK ? (int)(count - first) : BLOCK;
        uint16_t block[BLOCK];
        for (int q = 0; q < query_count; q++) {
            (wide ? differences_512 : differences)(codes + first * words, size, words, queries + (int64_t)q * words, block);
            note(all + q, block, size, first);
            if (all[q].filled > room - BLOCK) sort_out(all + q, k, notes + query_count * room, starts, largest);
        }
    }
    for (int q = 0; status == DONE && q < query_count; q++) {
        sort_out(all + q, k, notes + query_count * room, starts, largest);
        for (int64_t i = 0; i < k; i++) {
            distances[q * k + i] = (int32_t)(all[q].notes[i] >> ROW_BITS);
            rows[q * k + i] = (int64_t)(all[q].notes[i] & (((uint64_t)1 << ROW_BITS) - 1));
        }
    }
    free(starts);
    free(notes);
    free(all);
    return status;
}
